"""Travel: trips being planned, trips going wrong, and small questions from a platform or a hotel bed."""

from field import major

TRAVEL = major("travel", {
    "city": "Lisbon, Porto, Kyoto, Marrakesh, Krakow, Hanoi, Seville, Tbilisi, Montreal, Naples, Edinburgh, Ljubljana,"
            "Istanbul, Oaxaca, Copenhagen, Valparaiso",
    "land": "Iceland, Vietnam, Peru, Morocco, Jordan, Slovenia, New Zealand, Kenya, Portugal, Sri Lanka, Norway, "
            "Georgia",
    "month": "February, April, June, late August, October, November, December, early May",
    "who": "my parents, two kids, my grandmother, a friend who hates museums, my partner, a dog, a group of nine",
    "air": "Frankfurt, Madrid, Doha, Heathrow, Schiphol, Istanbul airport, Toronto, Munich",
    "day": "Monday, Friday, Saturday, the 14th, the 3rd, Easter Sunday, the 22nd, Wednesday",
    "like": "old bookshops, hiking, modern architecture, jazz, street food, trains, birdwatching, swimming in lakes",
    "item": "knitting needles, a jar of honey, a power bank, contact lens fluid, a camping stove, insulin",
    "bag": "a 40 litre backpack, only hand luggage, one small suitcase, two big suitcases, a folding bike, skis",
    "hotel": "a guesthouse, a hostel, a hotel near the station, an apartment, a campsite, a place with parking",
    "money": "80 euros a day, 900 dollars, a tight budget, about 2000 pounds, not much money",
}, """
# destinations
where should i go in {month} if i like {like} and hate crowds?
> somewhere reachable by train from Zurich
> not {city}, been there twice
{city} or {city2} for a long weekend with {who}?
> which of the two is cheaper?
somewhere warm in {month} that isn't full of resorts
is {land} doable with {money}?
# itinerary
plan {3-6} days in {city} for someone who likes {like}
> day two is too packed
> we land at 4 pm so the first day is short
i have {8-18} hours between flights in {air}, is it worth leaving the airport?
two weeks in {land} without a car, what route makes sense?
> swap the beach days for {like}
# flights
cheapest way to fly from {air} to {city} in {month}?
> would a stopover help?
my flight out of {air} got cancelled, am i entitled to compensation?
> they say it was bad weather
is {2-3} hours enough to change planes at {air}?
> separate tickets, so i have to check in again
which seats are quietest on a night flight
# trains
is there a night train to {city}?
> do i need to reserve a bed
rail pass or single tickets for {2-7} trips in {land}?
i missed my connection because the first train was late, can i take the next one?
# luggage
how do i pack for {land} in {month} with {bag}?
> which shoes though
the airline lost my suitcase at {air}, what do i do first?
> it has my medication inside
can i bring {item} in my hand luggage?
# visas
do i need a visa for {land} with an Irish passport?
> how long before the trip should i apply
my passport expires {2-5} months after the trip to {land}, is that a problem?
what papers does a child need to travel with only one parent?
# hotels
find me {hotel} in {city} for {2-9} nights from {day}
> breakfast included if possible
> is that price per night or in total?
the hotel in {city} is overbooked and wants to move us, what can i ask for?
which part of {city} should i stay in with {who}?
can we leave bags at {hotel} after checkout?
# local transport
how do i get from the airport to the centre of {city} late at night?
> and with {bag}?
is it safe to take taxis in {city} or should i use an app
do buses in {land} run on public holidays?
which day ticket covers trams and the ferry in {city}?
# food on the road
where do locals eat in {city}, not the places on every list
i'm coeliac, how hard will {land} be?
> give me a sentence i can show to waiters
do people tip in {land}?
# weather
what's the weather like in {land} in {month}?
> so rain jacket yes or no
when is cherry blossom in {city} usually?
will the mountain passes in {land} be open in {month}?
# money
cash or card in {land}?
> what about small villages
how much should i budget per day in {city}, eating out twice?
is it better to change money at {air} or use an atm
# safety
is {city} safe for a woman travelling alone?
> i'd be coming home around midnight
my wallet was stolen in {city}, who do i call first?
what scams should i expect around the main sights in {city}
# health
which vaccinations for {land}?
> we leave in {2-6} weeks, is that too late
how do i deal with altitude if i fly straight in
jet lag tips, eastwards, {5-11} hours
# kids
what can {who} do in {city} when it rains?
long flight with a {1-4} year old, how do people survive that?
> he doesn't nap anymore
stroller or carrier for {city}?
# car hire
is it hard to drive in {land}?
> on the left, i've never done that
the rental company charged me for a scratch i didn't make, help
do i need an international licence to rent a car in {land}
# sights
what are three things in {city} i'd regret missing?
> without queueing for hours
which museums in {city} are free on sundays?
best viewpoint in {city} at sunset?
# culture
what should i not do as a guest in {land}?
how do i greet older people in {land} politely
are shops closed in {land} on sundays?
# language
teach me five phrases for {land} that make people smile
will i get by with English in {city}?
# booking changes
can i change the name on a ticket after booking?
> it's only one letter wrong
need to move my trip to {city} from {day} to {day2}
> what does it cost me
airline refuses a refund for {day}, only vouchers. fair?
# solo and meeting people
how do i meet people when travelling alone in {city}?
is it weird to eat dinner alone in {land}
# hiking
multi day hike in {land} for people who are fit but afraid of heights?
> with huts, i don't want a tent
what do i do with {bag} while hiking hut to hut?
# pets
how do i take a dog on the train to {land}?
# working while away
can i legally work from {hotel} in {land} for {3-8} weeks?
> i'm employed in Germany
which cafes in {city} tolerate laptops
# sea
which ferry goes to {city} or nearby, overnight with cabin?
i get seasick, is the crossing in {month} rough?
# souvenirs
what should i bring home from {land} that isn't kitsch?
can i take olive oil and cheese back on the plane
# honeymoon and occasions
surprise trip for {who}, {money}, starting from {air}. ideas?
> she's never seen the sea
somewhere romantic in {month} that isn't Paris
""", """
we're travelling with {who}
we have {money}
i don't like flying
it's our first trip together
leaving on {day}
i already booked the flights
we travel with {bag}
i'm a slow walker
we're {2-5} people
i'd like to avoid tourist traps
i only speak English and some French
my passport is Brazilian
""", """
what about {city2} instead?
is that walkable
how far is it from the station?
do i need to book ahead for that
too touristy, something else
and in {month2}?
how do we get back?
put it in a table by day please
is that the total for {2-5} people
which one has better {like}?
that's over budget, cut something
are dogs allowed there
does it still run on {day}?
lovely, we'll do that
can you check if it's open on {day2}
""")
