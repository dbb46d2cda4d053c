"""Banking and cards: short service requests, often anxious, mostly about money that is not where it should be."""

from field import major

BANKING = major("banking", {
    "sum": "40 euros, 12.99, 300 pounds, 1250 dollars, 75, 18.40, 600 euros, 9.95, 2000 euros",
    "shop": "a petrol station, some streaming site, the supermarket, an airline, a shop i've never heard of, a gym, a "
            "hotel",
    "card": "debit card, credit card, virtual card, travel card, my wife's card, prepaid card, business card",
    "place": "Spain, Thailand, Brazil, Rome, Turkey, Prague, Canada, my own town, Greece",
    "person": "my landlord, my brother, a friend, my employer, the tax office, a plumber, my daughter",
    "cur": "dollars, Swiss francs, yen, pounds, zloty, Swedish crowns, forints",
    "acct": "savings account, joint account, current account, business account, youth account, pension account",
    "day": "Monday, Friday, the first of the month, Tuesday night, the 15th, Saturday, Sunday evening, the 28th",
    "app": "the app, online banking, the website, the mobile app, my account page",
    "doc": "passport, driving licence, residence permit, utility bill, payslip, tax number",
}, """
# lost card
i lost my {card} in {place}, block it please
> found it again, can you unblock it?
> how do i get cash until the new one is here
my {card} was stolen about {2-50} minutes ago
left my card in the machine in {place}, is it safe?
# card delivery
my new {card} still hasn't come, ordered on {day}
> it's been {6-20} days now
> can you send it to another address
how long does a replacement card usually take to {place}?
# card declined
why was my {card} refused at {shop}?
> there's enough money on it, i checked
> it worked the day before
the atm won't give me money but {app} says everything is fine
contactless stopped working on my {card} since {day}
# unknown charge
there's a charge of {sum} from {shop} that i don't recognise
> no, nobody else has the card
> i want the money back
why did i pay a fee of {sum} on {day}?
same {sum} was taken twice by {shop}
i cancelled my trial with {shop} and they still charge me
# transfers
i sent {sum} to {person} on {day} and it hasn't arrived
> {person} says nothing there
> can you cancel it then
i typed the wrong account number in a transfer of {sum}, what now?
> the receiving bank is not answering
how do i schedule a transfer to {person} for the first of every month
what is the limit for an instant transfer from {app}?
# abroad
what do you charge if i pay in {cur}?
> and for withdrawing cash?
do i have to tell you before i use my {card} in {place}
which rate do you use when i change {cur} to euros?
# pin
i forgot the pin of my {card}
> can i see it in {app}?
typed my pin wrong three times, is the card dead now?
how do i change my pin without going to a branch
# login
can't log in to {app}, it says device not recognised
> new phone since {day}
the code by text message never arrives
> number is right, ends in {10-99}
how do i get back into {app} when i changed my email and phone?
# identity checks
why do you need my {doc} again?
> i sent it on {day} already
verification of my {doc} failed twice, the photo is sharp though
which documents do i need to open a {acct}?
# open and close
how do i open a {acct} for a child of {5-16}?
> do both parents have to sign
i want to close my {acct}
> what happens to the money that's still on it
can i open an account without a permanent address in {place}?
# top up
my top up of {sum} by card isn't showing
> it left my other bank though
auto top up, how do i switch it off?
can {person} top up my account in cash?
# direct debit
how do i stop a direct debit to {shop}?
> it already went out this morning
a direct debit of {sum} bounced, do i pay a fee?
what is the difference between a standing order and a direct debit
# loans
how much could i borrow if i earn {2-5} thousand a month?
> over {3-8} years
can i pay off my loan early without a penalty?
> where do i see what's left
do you do small loans, like {~300-3000}
# mortgage
fixed or variable rate for a mortgage, what are the arguments?
> we'd stay at least ten years
how big does the deposit have to be for a flat?
what happens if i can't pay my mortgage for two months
# savings
which {acct} pays the most interest right now?
> is that before or after tax
how do i set up a savings goal in {app}?
is my money protected if the bank fails?
# overdraft
i went {sum} into overdraft over the weekend, what will that cost?
can i raise the overdraft on my {acct}?
please switch off my overdraft completely
# credit
why did my credit score drop by {10-80} points?
> i paid everything on time
does asking for a quote hurt my credit score
how much of the balance should i pay off each month to avoid interest?
# refunds
{shop} says they refunded {sum} on {day} but i can't see it
how long does a refund to a {card} take?
> the hotel was in {place}
# fraud and scams
someone called from your bank and wanted a code from me
> i gave them the first one
got a message that my {acct} is suspended with a link, is it real?
i sold something online and the buyer wants my {card} number
# cash
the atm gave me {sum} less than i asked for
where can i deposit coins, i have a jar full
how much cash can i take out per day in {place}
# statements
i need a statement for {acct} for the last {3-12} months as pdf
> with a stamp if possible
can you confirm in writing that i paid {sum} to {person}?
# mobile pay
how do i add my {card} to my phone?
> it says contact your issuer
apple pay stopped working after i got a new {card}
# personal details
i moved, how do i change my address?
just got married, need my new name on the {card}
> do you need the certificate
change the phone number for {app} please
# business
which account do i need as a freelancer?
how can i take card payments at a market stall?
> what percent do you keep
# investing basics
what's an index fund in plain words?
> and what could i lose
put {sum} a month into a fund or pay off the credit card first?
# fees
what does the {acct} cost per month?
is there a fee if i don't use the {card} for a year
which fees can i avoid by paying in {cur} abroad?
# family
can i give {person} access to my {acct} but only to look?
my father died, what happens with his {acct}
> i have the death certificate here
# complaints
i've been waiting {20-90} minutes on the phone, this is ridiculous
> no, i don't want to call again
where do i send a complaint about the branch in {place}?
""", """
it's urgent
i'm not at home right now
i need the rent money today
i'm a new customer
i've been a customer for {3-30} years
i only have my phone here
it happened on {day}
the branch near me has closed
i'm travelling at the moment
my husband has the other card
i already called twice
i don't understand your website
""", """
what does it say on my {card} then
is there a fee for that
how long will that take?
can i do that in {app}
and for the {acct}?
it still says pending
do i have to go to a branch?
no, the other {card}
how do i reach a real person
ok i can see the {sum} now
that's not what i asked, i asked about the fee
please send me that in writing
who can see this besides me?
so when is the money back on my account
the amount was {sum2}, not {sum}
""")
