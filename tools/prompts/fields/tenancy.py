"""Legal and tenancy: deposits, neighbours, contracts; people who want to know where they stand before they write."""

from field import major

TENANCY = major("tenancy", {
    "sum": "800 euros, 1400 pounds, 350, 95 dollars, 2100 euros, 640, 180 pounds, 1050 dollars",
    "flaw": "mould in the bedroom, a broken boiler, no hot water, noise from the bar downstairs, a leaking roof, bed "
            "bugs,"
            "a lift that never works, draughty windows",
    "party": "my landlord, the agency, the property manager, my flatmate, the upstairs neighbour, the new owner, the "
             "seller",
    "paper": "lease, handover protocol, sublet agreement, notice letter, employment contract, purchase contract, will,"
             "power of attorney",
    "time": "three months, two weeks, a year, six years, 30 days, half a year, five weeks",
    "act": "enter my flat, raise the rent, keep the deposit, forbid a dog, sell the house, change the locks, cut the "
           "power",
    "thing": "a washing machine, the sofa, a used car, a laptop, concert tickets, a kitchen, a bike",
    "pet": "a cat, two rabbits, a big dog, a parrot, an aquarium",
    "where": "in Austria, in England, in Germany, in California, in Ireland, in Ontario, in Spain",
    "where2": "Italy, France, Switzerland, Poland, Croatia",
    "clause": "no visitors overnight, paint every three years, non-compete, automatic renewal, no subletting, penalty "
              "for late"
              " payment",
}, """
# deposit
{party} won't return my deposit of {sum}, what can i do?
> i moved out {time} ago
> they say it's for cleaning
how long may a landlord keep the deposit {where}?
can {sum} be kept for scratches in the parquet after {time}?
is a deposit of more than three rents allowed {where}
# repairs
there's {flaw} and {party} does nothing
> i told them by phone only
> can i pay less rent until then
who pays when {flaw} was nobody's fault?
how much rent reduction is usual for {flaw}?
am i allowed to fix {flaw} myself and send the bill
# rent increase
{party} wants {sum} more from next month, is that legal?
> the last increase was {time} ago
> it's not in the {paper}
how do i object to a rent increase {where}
what is an index linked rent in simple words?
# notice
how much notice do i have to give {where}?
> does email count
i signed a {paper} for {time}, can i get out earlier?
> i've found someone who would take over
landlord terminated because he needs the flat for his son, can i fight that?
is a notice valid without a signature
# privacy
may {party} {act} without telling me?
> they have done it twice
can i change the lock while i rent
{party} put a camera in the hallway, is it allowed?
# neighbours
{party} plays drums every evening till {9-11}
> talking didn't help
who decides about smoking on balconies {where}?
the neighbours complain about our baby, what can they do
bikes in the stairwell, forbidden or not?
# flatmates and subletting
can i sublet one room for {time}?
> {party} hasn't answered
my flatmate moved out and stopped paying, am i liable for everything?
> both our names are on the {paper}
airbnb in a rented flat, what could happen?
# pets
the lease says no animals, does that include {pet}?
> i've had it for {time}
can a landlord forbid {pet} {where}
# reading contracts
what does "{clause}" mean in a {paper}?
> is that even enforceable
which parts of a {paper} should i read twice?
they want me to sign a {paper} today, red flags?
> there's a clause about {clause}
is an agreement by word of mouth binding {where}?
# consumer rights
i bought {thing} online and want to send it back after {10-40} days
> the box is open
{thing} broke after {time}, warranty or guarantee?
> the shop says ask the manufacturer
seller won't deliver {thing} and keeps the money
do i have a right to a refund if i simply don't like {thing}
# small claims
how do i sue {party} for {sum} without a lawyer?
> what will it cost me if i lose
what is a payment order and when is it useful {where}?
is it worth going to court over {sum}
# employment
can my employer cut my hours without asking {where}?
i was fired on the phone, does that count?
> during probation
how many hours of overtime unpaid is legal
my boss wants a doctor's note from day one
am i entitled to {paper} in writing?
# fines and traffic
got a speeding fine from {where2}, must i pay it?
> i wasn't the driver
how do i appeal a parking ticket within {time}?
hit a parked car at {3-15} km/h and left a note, is that enough
# family
do we need a {paper} if we aren't married but buy together?
> he pays more than i do
how is custody decided {where} when both work?
what does a divorce cost roughly {where}
# inheritance
is a handwritten will valid {where}?
> no witnesses
my aunt left debts, can i refuse the inheritance?
> how long do i have
do siblings inherit if there's a spouse?
# insurance
does liability insurance pay if {pet} ruins the floor?
the insurer refuses because of {flaw}, appeal?
# internet and data
how do i ask a company to delete my data?
> they want a copy of my id
someone uses my photo in an advert, what now?
can i be sued for a bad review of {party}
# immigration papers
can i change jobs while my residence permit is being renewed {where}?
my flat contract ended, do i have to deregister {where}?
# buying a home
the seller hid {flaw}, can i still go back on it?
> the notary was {time} ago
what does a notary do that a lawyer doesn't
who pays the agent {where}?
# moving out
do i have to paint before i leave?
> it was white when i moved in
what belongs in a handover protocol?
> photos enough?
can i leave {thing} for the next tenant and ask for {sum}?
# utilities
my heating bill went up to {sum}, can i see the receipts?
> they sent it after {time}
who pays for the chimney sweep {where}
the meter was never read, they estimated it
# letters
write to {party} about {flaw} and set a deadline of {7-21} days
> polite but firm
> mention that i will reduce the rent
draft a {paper}, one page, plain words
how do i prove that {party} received my letter?
# guarantees and debts
a collector demands {sum} for something i never ordered
> should i ignore it
what happens if i can't pay {sum} in one go?
when does a debt expire {where}
# copyright
may i play music in a small shop {where}?
is it ok to put a photo of my rented house online
# associations
how do we found a club {where}, minimum members?
who is liable if someone gets hurt at our street party
# words
what is the difference between a lease and a licence?
explain "without prejudice" to me
> when would i write that
what does joint and several liability mean for {party} and me
# getting help
where do tenants get free advice {where}?
> i don't have legal insurance
how do i choose a lawyer for a case about {flaw}?
what should i bring to a first meeting with a lawyer
""", """
i've lived here for years
i have no written contract
i know you're not a lawyer
we've always paid on time
i have photos and emails
it's been going on for {time}
{party} doesn't answer
we're a shared flat of {3-6}
i moved here from abroad
i only have it by text message
i can't afford a lawyer
there's a baby in the house
""", """
and if they refuse?
is that the same {where}
which law says that
do i need a lawyer for it?
what if the {paper} says something else
how do i prove it
that letter sounds too aggressive
what's the deadline for that
no, i'm the tenant, not the owner
can they throw me out for it
does that count in writing only?
so i should not pay the {sum}
put a date and place at the top
they answered, they offer {sum}
what would it cost in the worst case
""")
