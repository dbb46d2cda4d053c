"""Job search: CVs, interviews, offers, and the waiting in between."""

from field import major

JOBS = major("jobs", {
    "role": "project manager, nurse, data analyst, electrician, primary school teacher, barista, ux designer, "
            "warehouse "
            "lead,"
            "accountant, truck driver, lab technician, office assistant, software tester, social worker",
    "gap": "two years at home with kids, a burnout, a failed start-up, a long illness, a year of travelling, caring "
           "for my dad",
    "skill": "excel, leadership, sql, customer service, negotiation, public speaking, welding, first aid, spanish",
    "firm": "a start-up, a bank, the city, a hospital, a family business, a big consultancy, a charity, a logistics "
            "company",
    "q": "what is your greatest weakness, why should we hire you, where do you see yourself in five years,"
         "why did you leave, tell me about yourself, what salary do you expect, describe a conflict at work",
    "pay": "38k, 52000, 14 an hour, 3100 a month, 70k, 24 euros an hour, 1,900 net",
    "sec": "summary, hobbies, education, references, skills, languages, personal profile",
    "day": "Monday, Thursday, the 3rd, Friday morning, Tuesday at nine",
    "from": "retail, teaching, the army, catering, banking, construction, nursing",
    "years": "two, four, nine, fifteen, twenty, one and a half",
}, """
# cv writing
what should a cv for a {role} look like in {2024-2026}?
> one page or two
> do i put a photo
rewrite this line: responsible for {skill} in a team of {3-20}
> with numbers if possible
how do i write {gap} into my cv?
should {sec} come first or last on a cv?
i only had one employer for {years} years, looks boring, ideas?
# cover letters
cover letter for a {role} job at {firm}, not cheesy
> shorter, half a page
> mention {skill}
how do i start a cover letter without "i hereby apply"?
does anyone at {firm} still read cover letters
write two sentences on why i want to leave {from}
# interview preparation
interview at {firm} on {day}, what should i prepare?
> it's a video call
> what would you ask me?
how do i answer "{q}"?
> i don't want to lie
> make it sound more like me
practice interview please, you are {firm} and i want to be a {role}
what do i wear to an interview at {firm}?
# own questions
which questions should i ask at the end of an interview?
> one about pay, politely
is it ok to ask {firm} how many people quit last year
# salary
what does a {role} earn with {years} years of experience?
> gross or net?
they offered {pay}, i hoped for {pay2}
> how do i say that on the phone
the form asks for salary expectations, leave it empty?
how do i ask for a raise after {years} years
# offers
two offers: {firm} for {pay} or {firm2} for {pay2}
> the second is remote
can i still decline after i accepted by email?
how much time may i ask for to think an offer over
they want an answer by {day}, but i'm waiting for another one
# rejection
third rejection this week, i'm tired
> maybe i'm just too old
can i ask {firm} why they turned me down?
what would you change after {20-90} applications and no interview?
# career change
how can i move from {from} into a job as {role}?
> without going back to school
is {34-56} too old to become a {role}?
what jobs suit someone who's good at {skill} and hates meetings?
> something outdoors maybe
skills from {from} that matter for a {role}?
# gaps and firing
i got fired from {firm}, do i say so in the interview?
> it was partly my fault
explain {gap} in one sentence for an application
# networking
message to someone at {firm} i don't know, about a {role} opening
> less pushy
is linkedin any use for a {role}?
what do i write in my profile after {gap}
how do i ask an old boss from {from} for a contact?
# references
who can be my reference if i have only worked at {firm}?
my last boss gives bad references, what now?
# finding openings
where do people look for {role} jobs besides the big sites?
search words for part time work with {skill}?
> not in sales
how do i tell a fake job advert from a real one?
are there jobs for {role} without a degree
# applications
the advert wants {3-10} years and i have two, apply anyway?
> i do know {skill} though
how long should i wait before i follow up with {firm}?
can i apply for two jobs at {firm} at once?
# assessment
what happens in an assessment centre at {firm}?
> group task scares me
take home task of {4-12} hours for a {role} job, normal?
logic tests in applications, how can i train
# first day
first day as a {role} on {day}, any tips?
> the team is twice my age
how do i survive probation without working every evening
what should i ask in my first week at {firm}?
# leaving
how do i quit at {firm} when i like my boss?
> notice is {4-12} weeks
should i tell colleagues before i've signed elsewhere
# remote work
how do i find out if {firm} really allows home office?
> three days would be enough
is a remote {role} paid less
# part time and hours
how do i ask for {20-32} hours a week in an interview?
night shifts as a {role}, worth the extra?
# freelancing
should i go freelance as a {role}?
> i have {3-9} months of savings
what hourly rate if i earned {pay} employed?
how do freelancers find the first client
# training
which certificate is worth it for a {role}?
> paid by the job centre, ideally
learn {skill} in {2-6} months next to a job, realistic?
is a bootcamp a waste of money
# students
cv with no experience at all, i'm {15-19}
> only babysitting and a school paper
internship at {firm}, unpaid, should i?
summer job ideas for someone who gets up late
# abroad
how do i apply for {role} work in another country?
> i'm from Chile, they're in Denmark
is my training as {role} recognised abroad
# discrimination
they asked in the interview if i plan to have children, do i answer?
do i have to mention my disability to {firm}?
# motivation
how do i keep going when looking for work since {3-18} months?
make me a weekly job search plan, two hours a day
> friday free
what do i do about nerves before interviews
# self knowledge
help me find out what i'm good at, ask me questions
> one at a time
my strengths are {skill} and patience, how do i show that?
quit without having something new, crazy?
# job centre
do i lose benefits if i turn down a {role} job?
> it's {~40-120} km away
how do i register as unemployed before my contract ends
# phone and messages
recruiter called and i didn't know which job, embarrassing, how do i save it?
what do i say on voicemail when i call {firm} back
reply to a recruiter: interested, but only from {pay}
# test runs
trial day at {firm}, is it paid?
> eight hours in a kitchen
bring a portfolio as a {role}, printed or on a tablet?
""", """
i've worked for {years} years
i'm {19-61} by the way
english isn't my first language
it's ten minutes from home
i really need this one
i have no degree
the advert is a bit vague
i have two kids
i still have a job right now
i moved here last year
i'm better on paper than in person
they know my old boss
""", """
that sounds arrogant, tone it down
and if they ask about {gap}?
can you make it fit for {firm}
add {skill} somewhere
give me another answer, less polished
how long should that be when spoken
do they check that
no, i'm applying as {role}
should i call or write?
what do they really want to hear
i'd rather not talk about {from}
which of the two would you take
they invited me for {day}!
turn it into bullet points for the cv
is {pay} fair for that
""")
