"""Minor fields of knowledge: school subjects and curiosity."""

from field import minor

LEARNING = [
    minor("history", {"era": "the Roman republic, the Ming dynasty, the Cold War, the Ottoman empire, the Black Death, "
                             "the Aztecs"}, """
    # causes
    why did {era} end, in three points?
    > which of them mattered most
    what started the first world war apart from the assassination
    # people
    who was the most capable ruler of {era}?
    was Cleopatra really Egyptian
    > so which language did she speak
    # daily life
    what did ordinary people eat during {era}?
    how long did a letter take from London to Delhi in {1750-1860}?
    > and after the telegraph
    # dates
    when exactly did the Berlin wall come down, and why that night
    put these in order: printing press, compass, gunpowder in Europe
    # sources
    how do we know anything about {era}?
    is the story of Nero's fiddle true
    # essays
    help me with a thesis about {era}, i have nothing
    > too broad, narrow it down
    compare {era} with {era2} for a short talk
    """),
    minor("physics", {"x": "a rainbow, a microwave oven, a gyroscope, a black hole, friction, a laser, surface "
                           "tension"}, """
    # everyday
    how does {x} work?
    > simpler, i'm not a physicist
    why is the sky red in the evening and not green
    do heavy things really fall as fast as light ones?
    > a feather doesn't
    # mechanics
    a ball leaves my hand at {5-30} m/s straight up, how high does it get?
    what force keeps a bike upright
    # relativity and quanta
    does time really slow down in a plane?
    > by how much
    what does it mean that an electron is a wave
    is {x} explained by quantum mechanics or classically
    # electricity
    volts, amps, watts, i mix them up every time
    how many {~40-100} watt bulbs on one {10-16} amp fuse?
    # energy
    where does the energy go when two waves cancel
    why can't we use {x} to make free energy?
    is a heat pump cheating the second law
    """),
    minor("chemistry", {"sub": "vinegar, copper sulfate, chlorine, ethanol, table salt, ammonia, graphite, soap"}, """
    # basics
    what is {sub} made of?
    > is it ionic or covalent
    why does {sub} dissolve in water but not in oil
    # equations
    balance this: Fe + O2 gives Fe2O3
    > i always get lost with the oxygen
    how many moles are {~10-200} grams of {sub}?
    # acids
    difference between a strong acid and a concentrated one
    what is the ph of lemon juice mixed with {sub}?
    # lab
    colour of the flame with sodium and with copper?
    how do you separate {sub} from sand
    we had to write a report on titration, what goes in the discussion
    # everyday
    why do onions make you cry
    can i mix bleach with {sub}?
    > just did it in the bathroom, window is open
    what makes {sub} smell like that
    """),
    minor("biology", {"org": "octopuses, mosses, bats, yeast, honeybees, sharks, mushrooms, tardigrades, ferns"}, """
    # animals
    how do {org} sleep, if they do?
    do {org} feel pain
    > what's the evidence
    why are {org} so important for everything else
    # cells
    mitosis and meiosis, what's the one difference i should remember?
    > number of chromosomes again?
    what do mitochondria do besides energy
    # genetics
    two brown eyed parents, blue eyed child, possible?
    what is the chance if both carry the gene
    # body
    why do we have an appendix
    how far does blood travel in a day?
    # evolution
    did {org} exist before dinosaurs?
    if evolution is true why are there still apes, my uncle asks
    > a kind answer please
    # study
    make flashcards about photosynthesis, {5-10} of them
    what do i write about {org} in a lab report
    """),
    minor("astronomy", {"obj": "Jupiter, the Moon, Venus, the Andromeda galaxy, a comet, Saturn's rings, Mars, the "
                               "Pleiades"}, """
    # watching
    when can i see {obj} without a telescope?
    > i'm at {35-60} degrees north
    what do i need to see {obj} from a city
    bright light in the west after sunset, moving slowly, what is it
    # facts
    how far away is {obj}?
    > in light minutes
    how long would a trip to {obj} take at {20-60} thousand km/h
    why is Pluto not a planet anymore
    # universe
    what was before the big bang, seriously
    is space really silent
    > but there are recordings
    how many stars die per second
    # gear
    first telescope under {~100-400}, reflector or refractor?
    does {obj} look like on the pictures
    # events
    when's the next eclipse in Europe?
    """),
    minor("geography", {"place": "Lake Baikal, the Danube, Patagonia, the Sahel, the Faroe Islands, Kazakhstan, the "
                                 "Mekong delta",
                        "cont": "Africa, Asia, South America, Europe"}, """
    # facts
    where is {place} and who lives there?
    which countries touch {place}?
    > and the capitals
    what's the biggest city nobody has heard of
    # why
    why is {place} so thinly settled?
    why are there no bridges over the Amazon
    # maps
    is Greenland as big as it looks on maps?
    how do i read contour lines
    > they're {10-50} metres apart
    # quiz
    quiz me on capitals of {cont}, ten questions
    > i only got six
    name rivers longer than {~1200-3500} km in {cont}
    # climate
    what's the climate of {place} in january?
    why does it rain more on one side of a mountain
    which deserts are growing right now
    """),
    minor("language learning", {"lang": "Spanish, Japanese, Swedish, Arabic, Portuguese, Greek, Korean, Hungarian, "
                                        "Czech",
                                "say": "see you soon, i am lost, cheers, excuse me, how much is it, i miss you"}, """
    # words
    how do you say "{say}" in {lang}?
    > and how do i pronounce that
    what's the difference between ser and estar
    most useful {~20-100} verbs in {lang}
    # grammar
    when do i use the subjunctive, i always guess
    > give me two examples from daily life
    are there genders in {lang}?
    correct my sentence: yesterday i have gone to the market
    # practice
    talk to me in easy {lang}, you're a waiter
    > slower, i only know {~100-900} words
    write a dialogue in {lang} at the doctor's
    # learning
    how long to reach b1 in {lang} with {15-60} minutes a day?
    is it confusing to learn {lang} and {lang2} at once
    films for learning {lang} that aren't for children
    # writing
    how do i type accents on an english keyboard
    handwriting in {lang}, worth the effort?
    """),
    minor("literature", {"book": "Moby-Dick, Middlemarch, The Trial, Beloved, Hamlet, Don Quixote, Frankenstein, "
                                 "Dubliners"}, """
    # reading
    is {book} hard to read?
    > i gave up on page {~30-120} once
    which translation of {book} would you take
    what should i read after {book}
    # meaning
    what is {book} about, without spoilers?
    why does the narrator of {book} feel so unreliable
    symbol of the sea in {book}, anything that isn't obvious?
    # school
    i need an essay on {book} by friday, where do i start?
    > {~600-1500} words
    two quotes about guilt from {book}
    compare the endings of {book} and {book2}
    # poetry
    what's a villanelle and who wrote a good one
    explain iambic pentameter like i'm at the pub
    > say a line of it
    # authors
    was Kafka as gloomy as people say?
    authors like Le Guin but shorter
    """),
    minor("philosophy", {"idea": "free will, justice, personal identity, beauty, evil, knowledge, happiness, "
                                 "consciousness"}, """
    # ideas
    do we have {idea} or do we just talk as if?
    > what would a stoic say
    what did Kant actually mean by duty
    is {idea} possible without other people
    # puzzles
    would you pull the lever in the trolley problem?
    > and if it's your brother
    if every plank is replaced, is it the same ship
    # life
    how do i live with knowing that everything ends
    is it wrong to eat animals, best argument on each side?
    # reading
    first book on {idea} for a beginner?
    > under {~150-300} pages
    short summary of Simone de Beauvoir's view on {idea}
    # arguments
    what's wrong with this: nobody can prove it false, so it's true
    difference between {idea} and {idea2} in one paragraph
    """),
    minor("economics", {"thing": "inflation, a tariff, minimum wage, the gold standard, a rate cut, a recession, rent "
                                 "control"}, """
    # basics
    what does {thing} do to ordinary people?
    > and to people with debts
    why can't a country just print money
    gdp up {1-4} percent, who notices?
    # debate
    is {thing} good or bad, both sides please
    who pays for {thing} in the end
    > but companies say otherwise
    # study
    draw supply and demand in words for {thing}
    what's elasticity, with bread as example
    exam question: explain {thing} in {~80-200} words
    # history
    what really happened in 2008?
    > what is a swap then
    when was {thing} last a big problem
    # everyday
    why are eggs so expensive this year
    is buying local actually better for the economy
    """),
    minor("politics and civics", {"body": "the European Parliament, the Senate, a constitutional court, the United "
                                          "Nations, a mayor",
                                  "here": "in Canada, in France, in India, in Brazil"}, """
    # how it works
    what does {body} decide and what not?
    > who controls them
    how does proportional voting differ from first past the post
    how does a bill become law {here}?
    # voting
    can i vote by post from abroad?
    > election is in {2-9} weeks
    what happens if nobody gets a majority
    # terms
    what's a filibuster
    left and right, where does that come from
    federation or confederation, i never remember
    # opinion
    give me the best arguments for and against a four day week
    > the counter arguments were weak
    how should i talk to an uncle who believes in conspiracies?
    # civic
    how do i start a petition to {body}?
    write to {body} about a dangerous crossing
    can i watch a session of {body}
    """),
    minor("psychology", {"what": "procrastination, grief, perfectionism, stage fright, anger, loneliness, jealousy, "
                                 "boredom"}, """
    # understanding
    why do we feel {what} at all?
    what's happening in the brain during {what}
    > is that proven
    is {what} learned or born
    # coping
    what helps against {what} that isn't breathing exercises?
    > i tried writing a diary for {2-8} weeks
    how do i deal with {what} at work
    # studies
    was the marshmallow test ever repeated
    what's the difference between correlation and cause, with {what}
    # personality
    am i an introvert if i like parties but need two days after?
    are online personality tests worth anything
    # study
    i need a topic for a psychology paper about {what}
    > something with {20-80} participants
    """),
]
