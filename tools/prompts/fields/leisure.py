"""Minor fields of leisure: films, games, music, sport, and talk for its own sake."""

from field import minor

LEISURE = [
    minor("films", {"film": "Jaws, Amelie, Blade Runner, Parasite, The Godfather, Spirited Away, Alien"}, """
    # what to watch
    something like {film} but less violent?
    > seen it, next
    film for four people who can't agree, under {90-130} minutes
    is {film} ok for a {8-14} year old
    # facts
    who directed {film} and what else did they do?
    what year is {film} from
    > and did it win anything
    # meaning
    i didn't get the ending of {film}
    > so was it a dream
    why do people love {film} so much
    # series
    which season can i skip without missing the plot
    shows with short episodes to fall asleep to
    # trivia
    quiz about {film}, five questions, hard ones
    what was the first film with sound?
    film where a man relives the same day, not the famous one
    """),
    minor("music", {"inst": "the piano, guitar, cello, the drums, a ukulele, clarinet, the accordion"}, """
    # learning
    can i learn {inst} at {30-68}?
    > fifteen minutes a day is all i have
    my fingers hurt after {10-40} minutes of {inst}
    first song on {inst} that impresses my family?
    # theory
    why does a minor chord sound sad
    > is that the same in every culture
    what chords go with e minor
    circle of fifths, what do i do with it
    # listening
    recommend jazz for someone who thinks they hate jazz
    > too many saxophones
    song that goes da da da dum, women's choir, maybe nineties
    best recording of Bach on {inst}
    # practice
    how do i tune {inst} without an app
    neighbour friendly ways to practise {inst}?
    playlist for a {30-90} minute run, getting faster
    """),
    minor("sports", {"sport": "tennis, handball, cricket, rugby, basketball, ice hockey, volleyball, judo, "
                              "biathlon"}, """
    # rules
    explain offside to my aunt
    how does scoring work in {sport}?
    > why not just one two three
    how many players per side in {sport}
    # results
    who won the final in {1990-2018}, men's {sport}?
    who holds the record for most goals at a world cup
    # training
    training plan for a half marathon in {6-14} weeks
    > my knee hates hills
    how do i get better at {sport} when i only play sundays
    warm up for {sport}, five minutes
    # watching
    why is {sport} on so late at night
    > which time zone is that
    which sport should i watch if i find {sport} boring
    # gear
    shoes for {sport} on a hall floor, what matters?
    used or new racket for a beginner
    """),
    minor("board games", {"game": "chess, catan, go, scrabble, carcassonne, bridge, backgammon, risk"}, """
    # rules
    can i pass in {game}?
    > we argued about it for {10-50} minutes
    what happens in {game} if the bag is empty
    # strategy
    best opening in {game} for someone lazy
    > and as second player?
    i always lose {game} to my sister, help
    # choosing
    game for {3-8} people that's over in an hour
    > cooperative please
    two player game for a train table
    gift for a couple who own {game} already
    # playing
    play a word game with me, you start
    > too easy, longer words
    twenty questions, i've thought of something
    riddle me something hard
    # variants
    house rules that make {game} faster?
    is {game} solved by computers
    """),
    minor("video games", {"game": "my farming game, a souls game, minecraft, the old zelda, a city builder, the "
                                  "football one"}, """
    # stuck
    can't beat the second boss in {game}
    > level {12-60}, with a bow
    where is the key in the water level
    # builds
    what's a good starter build in {game}
    > magic is boring
    how do i make money fast in {game}
    # tech
    {game} stutters since the update
    > {8-32} gb and an old card
    will {game} run on a laptop without graphics card
    controller drifts to the left
    # choosing
    something relaxing like {game} for evenings?
    games to play with my dad who never gamed
    # lore
    what happened before the story of {game}?
    is the ending of {game} canon
    how do redstone repeaters work
    """),
    minor("photography", {"thing": "stars, my dog running, food, a wedding, birds, portraits indoors, waterfalls, the "
                                   "moon"}, """
    # settings
    which settings for {thing}?
    > tripod yes, flash no
    why are my pictures of {thing} always blurry
    iso {~100-400} or higher for {thing}
    # gear
    one lens for {thing} under {~150-600}?
    phone or camera for {thing}
    > i don't want to carry much
    # composition
    how do i make {thing} less boring
    what is the rule of thirds and when do i break it
    # editing
    horizon is crooked in all of them, quick fix
    > free software please
    skin looks orange after editing
    # film
    is it worth shooting film in {2023-2026}
    how long can an exposed roll wait before developing
    """),
    minor("crafts", {"craft": "knitting, sewing, pottery, crochet, woodcarving, bookbinding, embroidery, soap "
                              "making"}, """
    # start
    what do i need to start {craft}?
    > cheapest way
    first {craft} project that isn't a scarf
    is {craft} hard to learn from videos
    # trouble
    i dropped a stitch {3-12} rows back
    > can i leave it
    my glaze came out with tiny holes
    the thread tears all the time, is it the needle
    # calculate
    how much wool for a jumper size {36-48}?
    turn an a4 pattern into a child's size
    # selling
    what do i charge for {4-15} hours of {craft}?
    > people think handmade is cheap
    name for a little {craft} shop
    # gifts
    {craft} gift in one evening, for a man
    """),
    minor("creative writing", {"hero": "a lighthouse keeper, a retired thief, twins, a night nurse, a talking crow, a "
                                       "bored god"}, """
    # stories
    write a very short story about {hero}
    > darker
    > now from the other person's view
    continue: {hero} opened the letter and laughed
    first line for a novel with {hero}?
    # poems
    a poem for my gran's {70-95}th, four lines
    > it doesn't have to rhyme
    limerick about {hero} please
    haiku, november, no leaves
    # craft
    how do i write dialogue that isn't stiff
    my plot sags in chapter {3-14}
    > {hero} is already dead there
    names for a village where nothing happens
    # feedback
    is "the rain was tired" any good?
    too many adjectives? the cold grey silent lake lay empty
    """),
    minor("small talk", {"mood": "bored, in a great mood, tired, a bit lonely, nervous, hungover, happy",
                         "job": "dentists, programmers, teachers, ghosts, accountants, penguins",
                         "dull": "gravel, tax law, moss, lighthouses, cheese, elevators"}, """
    # hello
    hi there, how's it going
    > what did you do all night
    good morning, i'm {mood} today
    > and what do you do when you're {mood}?
    hey, anyone home?
    # about you
    do you sleep, or dream, or anything
    > do you get annoyed with us
    are you a man or a woman or neither
    what's your favourite colour, and don't say you have none
    > that was a nice answer actually
    which model are you
    # jokes
    tell me a joke about {job}
    > i didn't get it
    > another one, worse
    make me laugh, i'm {mood}
    # chat
    i can't sleep, talk to me about {dull}
    guess what happened to me on the bus
    > a man sang opera to his sandwich
    it's my birthday and nobody remembered
    > you're the first one, thanks
    what would you do with a free afternoon
    # opinions
    pineapple on pizza, yes or no?
    cats or dogs, choose
    is {dull} more interesting than people think?
    """),
    minor("trivia", {"n": "smallest, oldest, deepest, loudest, slowest, strangest, most expensive, coldest"}, """
    # superlatives
    what's the {n} country in the world?
    the {n} animal that ever lived?
    > where did they find it
    {n} place humans live in
    # numbers
    how many bones does a hand have
    how many words does a person say per day
    > men and women the same?
    # origins
    who invented the zip
    why do we say ok
    where does the croissant come from, really
    # odd
    can a duck's quack echo
    do fish drink water?
    what happens if you never cut your nails
    # random
    give me a random fact about the {n} thing you know
    > not that one, everyone knows it
    what day of the week was {1-28} March {1901-1999}
    """),
    minor("birthdays and parties", {"who": "my dad, a colleague, a six year old, my best friend, the neighbour, my "
                                           "gran"}, """
    # ideas
    party ideas for {who}, in the park
    > it'll probably rain
    cheap decoration for {10-40} people
    # speeches
    short toast for {who}?
    > funnier, but kind
    what do i say if i don't really know {who}
    # invitations
    invitation text for {who}, surprise party, saturday
    > add please don't tell
    # food
    how much beer for {12-50} guests?
    finger food for {who} that can stand outside
    # games
    party game without alcohol for adults
    > louder
    songs everyone can sing for {who}
    # presents
    present for {who} under {15-60}
    group gift, {4-12} people, {who} loves the sea
    """),
]
