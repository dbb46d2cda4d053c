"""Writing e-mails and messages: drafts, tone, and the twentieth change of one sentence."""

from field import major

EMAIL = major("email", {
    "to": "my boss, the landlord, a customer, my professor, the whole team, a supplier, the school, an old colleague,"
          "the city council, my neighbour, our investors, a recruiter",
    "event": "the offsite, the Friday demo, a birthday dinner, the parents' evening, a webinar, the budget meeting, a "
             "wedding",
    "late": "a late invoice, a missed deadline, a broken delivery, the wrong order, a delayed reply, a double booking",
    "tone": "friendlier, firmer, more formal, warmer, less desperate, shorter, more neutral, more confident",
    "reason": "i'm moving, my kid is ill, the train was cancelled, i double booked, a family matter, i found a better "
              "offer",
    "phrase": "per my last email, i hope this finds you well, please advise, just circling back, kind regards, asap",
    "lang": "German, French, Spanish, Polish, Dutch, Turkish",
    "occ": "a farewell, a new baby, a promotion, a retirement, a bereavement, a work anniversary, an engagement",
    "doc": "the contract, my timesheet, the slides, the signed form, last month's report, the photos, the draft",
    "day": "Monday, Wednesday, Friday, the 12th, the 3rd, Tuesday afternoon, Thursday morning",
}, """
# drafting
write a short email to {to} about {late}
> {tone} please
> leave out the apology
draft something to {to}: {reason}, so i can't make it on {day}
> don't mention the reason
i need to tell {to} that we will not renew, politely
can you put this into an email: meeting moved to {day}, bring {doc}, lunch is provided
# tone
make this {tone}: we still have not received {doc} from you
> now it sounds like a threat
does "{phrase}" sound rude to {to}?
> what could i write instead
how do i say no to {to} without burning a bridge?
is it ok to use an exclamation mark with {to}
# replies
how should i answer {to} who wrote only "noted"?
{to} asks for a discount again, reply that keeps the price
> give a reason, but not a long one
someone sent me {doc} that wasn't meant for me, what do i reply
write a reply that accepts for {day} but asks to move it an hour later
# subject lines
subject line for an email about {late}?
> under six words
give me five subjects for an invitation to {event}
should the subject say urgent if it is about {late}
# reminders
second reminder for an unpaid invoice of {~90-900} euros, to {to}
> mention that it's {2-6} weeks overdue
gentle nudge to {to}, i asked for {doc} on {day} and heard nothing
> too passive aggressive
how often can i follow up with {to} before it gets annoying?
# requests
ask {to} for a reference letter
> i left the company {2-6} years ago
email asking {to} for one more week to finish {doc}
request a day off on {day}, reason: {reason}
i want to ask {to} for feedback on {doc}, nothing too long
# apologies
i replied to all by accident and complained about {to}. how do i apologise?
> keep it to two sentences
apology to {to} for {late}, taking responsibility
how do you say sorry in writing without grovelling
# invitations
invite {to} to {event} on {day}, casual
> add that they can bring someone
> ask them to answer by {day2}
decline an invitation to {event} because {reason}
cancel {event} at short notice, {12-60} people
# complaints
complaint to an airline about {late}
> say that i want a refund, not a voucher
write to {to} about noise after {9-11} pm, for the third time
the hotel ignored two emails, make the third one count
# thanks
thank {to} for help with {event}, personal but short
> mention {doc} too
thank you note after an interview on {day}
what do you write to a teacher at the end of the year?
# introductions
introduce two colleagues to each other by email
> she does sales, he builds the product
cold email to {to}, i make handmade lamps
how do i introduce myself to {to} as the new person
# resignations
resignation letter, last day is {day}, no drama
> can you make it two lines
tell {to} i'm leaving because {reason}
# congratulations and cards
what do i write on a card for {occ}?
> i barely know the person
short message to {to} for {occ}
something funny but kind for {occ}, office crowd
# condolences
a colleague lost his father, what should i write?
> we never talked about private things
is it all right to send condolences by email to {to}
# proofreading
correct this: we was hoping to here from you until {day}
> what was wrong exactly
does a comma go after "dear colleagues"?
check my sentence: i would like to remember you of {doc}
which is right, "attached you find" or "please find attached"
# shortening
cut this to three sentences, {to} never reads more
my email to {to} is a whole page, how do i shorten it
> keep the part about {doc}
turn my long mail about {event} into bullet points
# translation
translate "thank you for your patience" into {lang}, business style
> is that the polite form?
how do you close a formal letter in {lang}?
write to {to} in simple English, they don't speak it well
# formality
sir or madam or first name, when i write to {to} for the first time?
best regards, kind regards, cheers: which for {to}?
> they signed with "best"
do i use a doctor's title in every email
# out of office
out of office reply until {day}, with a stand-in
> make it a bit funny
auto reply for customers while we are closed for {event}
# sales and newsletters
newsletter opening about {event}, max 40 words
> less salesy
email to customers who have not bought for {6-18} months
announce a price rise of {3-15} percent without losing people
# difficult news
how do i tell {to} the project is cancelled?
> they worked on it for {3-12} months
write to an applicant that we chose someone else
explain to {to} that {late} was our fault
# negotiation
answer to an offer of {30-80} thousand, i want more
> add that i have another offer
counter the quote from {to}, {10-30} percent lower
# meeting notes
turn my notes into a summary for {to}: budget ok, hire two, decide on {day}
> who does what should be at the top
agenda for {event}, one hour, five people
# messages and chat
what do i text {to} when i'm running {10-40} minutes late
slack message: ask {to} to look at {doc} today, not pushy
> shorter, one line
how do i leave a group chat politely?
# signatures
design a plain text signature with phone and website
should a signature include pronouns and a legal notice?
# school and clubs
note to the teacher, {reason}, so no school on {day}
write to all parents about the trip on {day}, bring rain clothes
> and {3-15} euros in an envelope
email to club members about unpaid fees
# authorities
letter to the tax office asking for more time until {day}
> do i have to give a reason
object to a parking fine, sign was hidden by a tree
how do i address a judge or an embassy in writing
# phrases
other ways to say "{phrase}"?
> without sounding like a lawyer
what does "eod" mean and is it rude
is "i was wondering if" too weak for a request?
# etiquette
who goes in cc and who in bcc when i write to {to} and their manager?
is sunday night a bad time to send {doc}?
> i could schedule it
""", """
we're on first name terms
english isn't my first language
it has to go out today
i'm quite angry, so tone it down
they're rather formal people
keep it under {40-120} words
i don't want to sound stiff
we've worked together for {2-9} years
they never answer
i've never met them
it goes out to a lot of people
my last mail was too long
""", """
{tone} please
swap the two paragraphs
no emojis
sign it with Marta
use "you" less
can you add that i call on {day}
shorter, they read it on a phone
that sounds like a robot wrote it
the second version was better
and a version for {to2}?
take out the last sentence
is "{phrase}" ok at the end?
what if they say no
remove the bit about {doc}
perfect, sent it just now
""")
