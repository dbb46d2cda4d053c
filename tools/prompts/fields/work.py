"""Minor fields of work and technology, and short commands to a home assistant."""

from field import minor

WORK = [
    minor("javascript", {"x": "react, node, typescript, vue, express, svelte, next"}, """
    # errors
    cannot read properties of undefined in {x}, but i log it the line before
    > it's inside useEffect
    my {x} app shows a white page after build
    cors error on localhost:{~3000-9000}
    # how to
    debounce an input in {x}
    > without a library
    how do i sort an array of objects by date in js
    promise all but only {2-10} at a time?
    # concepts
    what's the difference between null and undefined
    closures, one more time please
    > why does the loop print {3-10} every time
    is {x} still worth learning or should i take {x2}
    # css
    center a div, yes i'm asking that
    > vertically too
    sticky header jumps when i scroll in {x}
    flex or grid for a page with {3-12} cards
    """),
    minor("sql", {"t": "orders, users, invoices, events, products, payments, sessions"}, """
    # queries
    select the newest row per customer from {t}
    > ties should both appear
    rows in {t} that have no match in {t2}
    count {t} per week for the last {4-26} weeks
    > also weeks with zero
    running total over {t} by date
    # performance
    query on {t} takes {8-90} seconds, has an index
    > explain says sequential scan
    index on two columns or two indexes
    # design
    should address be its own table or in {t}
    soft delete in {t}, good or bad idea
    # errors
    column must appear in the group by clause, why
    duplicate key when i import {t}
    # concepts
    left join vs inner join with a tiny example
    what does a transaction protect me from
    null = null isn't true??
    """),
    minor("spreadsheets", {"tool": "excel, google sheets, libreoffice", "col": "A, B, C, D, F"}, """
    # formulas
    formula that sums {col} only where {col2} says paid
    > and only for march
    vlookup gives n/a though the value is there
    > they look identical
    count different names in column {col}
    # cleaning
    dates come as text in {tool}, how do i fix {~200-9000} rows
    split first and last name into two columns
    remove duplicates but keep the newest
    # charts
    two axes in one chart in {tool}?
    > the line hides the bars
    how do i show only every {2-7}th label
    # tables
    pivot table by month and shop, step by step
    freeze the first row and column {col}
    # sharing
    lock all cells but column {col}
    {tool} says file is locked by another user
    """),
    minor("machine learning", {"m": "random forest, transformer, k-means, logistic regression, lstm, gradient "
                                    "boosting, "
                                    "svm"}, """
    # concepts
    what does a {m} do, in one paragraph?
    > where's the randomness
    overfitting, how do i see it in the curves
    precision or recall for spam?
    # practice
    {~200-900} rows and {~30-300} columns, is {m} sensible
    > target is very unbalanced
    my loss is nan after {2-40} steps
    train accuracy {97-99}, test {55-70}, what now
    # tools
    do i need a gpu for {m}
    which learning rate do people start with for {m}
    # papers
    why is attention called attention
    > and what is a head
    {m} vs {m2} for tabular data
    # data
    how do i label {~500-5000} pictures cheaply
    leak between train and test, how could that happen
    """),
    minor("gadgets", {"dev": "my phone, the tablet, an old laptop, the printer, my earbuds, the router, the smart tv, "
                             "my watch"}, """
    # broken
    {dev} won't turn on after the update
    > held the button for {10-60} seconds
    {dev} gets hot when charging
    dropped {dev} in water, rice yes or no
    # settings
    how do i free space on {dev}?
    > it's all photos
    {dev} won't connect to wifi, everything else does
    turn off notifications on {dev} at night
    # buying
    is it worth repairing {dev} for {~40-190}?
    android or iphone for someone of {70-88}
    # moving
    move my chats from the old phone to a new one
    > the old screen is dead
    how do i wipe {dev} before i sell it
    passwords, where do i keep them all
    """),
    minor("presentations and reports", {"topic": "sick leave figures, a new canteen, our website, bike parking, "
                                                 "customer survey, safety rules"}, """
    # slides
    {4-12} slides about {topic}, what goes on each?
    > the boss hates text
    title slide wording for {topic}
    one chart that shows {topic} best
    # summaries
    summarise {topic} in three bullets for people in a hurry
    > less jargon
    turn this into minutes: late start, {topic}, no decision
    # speaking
    how do i begin a talk about {topic} without a joke
    > i have {5-20} minutes
    what do i do if nobody asks a question
    # writing
    executive summary, how long for {20-80} pages
    rewrite: it has been found that usage is being reduced
    passive or active voice in a report on {topic}
    """),
    minor("small business", {"shop": "a bakery, an online shop for tea, a bike workshop, a yoga studio, a food truck, "
                                     "a "
                                     "bookshop"}, """
    # starting
    what do i need to open {shop}?
    > i have {8-40} thousand
    name for {shop}, short, no puns
    sole trader or company for {shop}
    # marketing
    three instagram posts for {shop}
    > no hashtags
    how do i answer a one star review for {shop}
    flyer text, opening on saturday, {shop}
    # numbers
    how many customers a day does {shop} need to break even at {2-9} thousand costs
    price of a coffee if beans cost {14-32} a kilo
    # staff
    first employee in {shop}, what must i know
    > ten hours a week
    shift plan for {4-8} people, closed on mondays
    # suppliers
    supplier raised prices by {6-30} percent, can i push back
    """),
    minor("home assistant", {"room": "kitchen, bedroom, living room, hallway, office, kids' room"}, """
    # lights
    turn the {room} lights down to {10-70} percent
    > a bit warmer
    lights off in the {room} but leave the lamp
    # timers and alarms
    set a timer for {4-50} minutes
    > call it noodles
    wake me at {5-9} {10-50} on weekdays only
    cancel all my alarms for tomorrow
    # lists
    put oat milk and batteries on the list
    > take off the batteries
    what's on my shopping list again
    # music
    play something calm in the {room}
    > not this, the other album
    volume down, the baby sleeps
    # weather and calendar
    do i need an umbrella at {2-8} pm
    what's my first appointment on thursday
    > move it half an hour
    remind me to call the dentist when i get home
    # climate
    make the {room} {18-23} degrees by seven
    """),
    minor("restaurants and booking", {"food": "indian, italian, vegan, seafood, ramen, greek, steak, dim sum"}, """
    # tables
    table for {2-9} on friday at {6-8}:30, {food} if possible
    > outside please
    > no, make that {2-9} people
    is there a {food} place open late near the station?
    # details
    does it have parking
    how expensive is the {food} place, about {15-60} each?
    > do they take cards
    # changes
    i need to move my booking from {6-8} to {8-9} pm
    cancel my table for tonight, sorry
    # tickets
    two tickets for the late show on saturday, row {5-20} or so
    > which seats are left
    is it subtitled or dubbed
    # haircut and others
    haircut appointment any day after {3-5} pm
    > with Ines if she's in
    massage on sunday morning, sixty minutes
    thanks, that's all for the booking
    """),
    minor("weather and environment", {"thing": "recycling plastic, flying, heat pumps, wood stoves, electric cars, "
                                               "palm "
                                               "oil, cruise ships"}, """
    # weather
    why is it always windier in the afternoon
    does thunder without rain exist
    > we had that yesterday
    can you trust a forecast for {8-15} days
    # climate
    how bad is {thing} for the climate, really?
    > compared to eating meat
    was it this warm {~800-6000} years ago too
    # everyday
    does the yoghurt lid go in paper or plastic
    how do i use less water with {3-6} people at home
    > we have a bath, no shower
    # debate
    a friend says {thing} won't change anything, what do i answer?
    is nuclear power green
    # nature
    what can i do for birds in a heatwave
    why are there fewer insects on the windscreen
    """),
    minor("religion and customs", {"feast": "Diwali, Ramadan, Passover, Easter, Nowruz, Vesak, All Saints, "
                                            "Midsummer"}, """
    # feasts
    what do people do at {feast}?
    > can i come as a guest
    what do i wish a colleague for {feast}
    why does {feast} move every year
    # customs
    what do i wear to a funeral in a mosque
    > i'm a woman, not muslim
    is it rude to refuse food at {feast}
    # beliefs
    what do Buddhists think happens after death
    difference between Sunni and Shia in short
    > which is bigger
    who wrote the psalms
    # family
    we're a mixed couple, how do others celebrate {feast} and {feast2}
    godparent without being in church, possible?
    """),
    minor("public transport", {"line": "bus 40, the S3, the night bus, tram 6, the airport train, line 2"}, """
    # times
    when does {line} leave after {5-11} pm
    > and on sundays
    is {line} delayed today, i'm standing here for {8-35} minutes
    last {line} to the centre?
    # tickets
    which ticket for {2-5} people and a bike on {line}
    > it's only four stops
    fined on {line} though my pass was at home
    do children of {5-13} pay
    # routes
    how do i get to the hospital with {line}
    > with a wheelchair
    where do i change from {line} to {line2}
    # lost
    left my umbrella on {line}
    > black with a wooden handle
    """),
]
