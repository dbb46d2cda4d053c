"""Minor fields around the house and family: what people also ask, a few dozen rows each."""

from field import minor

HOUSEHOLD = [
    minor("pets", {"pet": "my cat, our puppy, the rabbit, our old labrador, my hamster, the parrot, our tortoise"}, """
    # feeding
    how much should {pet} eat per day?
    > {3-30} kilos at the vet last week
    is it ok to give {pet} leftovers from lunch
    {pet} stopped eating the usual food, spoilt or ill?
    # behaviour
    {pet} howls as soon as i leave the flat
    > neighbours complained already
    how do i teach {pet} to come when called?
    why does {pet} stare at the wall at night
    {pet} scratches the sofa, what can i put there instead?
    # health
    {pet} swallowed a piece of a toy, wait or vet?
    > acting normal so far
    how often do i need to worm {pet}
    hair falling out behind the ears on {pet}
    # care
    can {pet} stay alone for a weekend?
    which carrier for {pet} on a four hour train ride
    name ideas for {pet}, something dignified
    """),
    minor("parenting", {"kid": "my 3 year old, our baby, my stepson, my second grader, my nephew, my teenager"}, """
    # sleep
    {kid} wakes up at five every day, how do i shift that?
    > bedtime is seven already
    does a night light make sleep worse for {kid}
    # tantrums
    {kid} screams in every supermarket, what do other parents do?
    how do i stay calm when {kid} throws food
    > i shouted yesterday and feel awful
    # school
    {kid} says nobody plays with them at break
    how much help with homework is too much?
    teacher wants to talk about {kid}, how do i prepare
    # screens
    how much tablet time is reasonable for {kid}?
    > it's raining all week
    first phone for {kid}, which rules make sense
    # play
    indoor games for {kid} that need no stuff
    birthday party for {kid}, {5-12} guests, theme pirates
    # growing up
    when do children start to lie on purpose?
    how do i explain to {kid} that grandpa is dying
    pocket money for {kid}: how much and for what?
    """),
    minor("cleaning", {"mess": "red wine, candle wax, pen, chewing gum, coffee, tomato sauce, grass, blood",
                       "on": "a wool rug, a white shirt, the sofa, a wooden table, jeans, suede shoes, a mattress"}, """
    # stains
    how do i get {mess} out of {on}?
    > it's dry by now
    > vinegar or baking soda?
    {mess} on {on}, i rubbed it, did i make it worse
    # laundry
    can i wash wool at {30-40} degrees by accident and save it?
    towels feel like cardboard after drying
    why do clothes smell damp right out of the machine?
    # kitchen and bath
    limescale on the shower glass won't go, even with acid
    > is it scratched maybe
    how often should one clean an oven, honestly
    burnt smell in the microwave, how do i get rid of it
    # tidying
    where do i start when the whole flat is a mess?
    > i have an hour before guests come
    make me a cleaning plan for two people who work full time
    which things can i throw away without regret
    # materials
    is bleach safe on {on}?
    streaks on windows no matter what cloth i use
    """),
    minor("shopping", {"item": "a vacuum cleaner, winter boots, an office chair, a pram, headphones, a mattress, a "
                               "rice cooker",
                       "thing": "kettle, backpack, blender, raincoat, printer, bike lock"}, """
    # choosing
    which {thing} lasts longer than three years?
    > under {~80-300} please
    what should i look for when i buy {item} second hand
    is the expensive {thing} really better than the middle one
    # orders
    my parcel says delivered but there's nothing here
    > no, the neighbours don't have it
    ordered {item} in the wrong size, how do i exchange it?
    where is my order from last week, number ends in {~1000-9999}
    # price
    is {item} cheaper in november or january?
    do shops have to honour a wrong price tag
    > it was off by {~20-200}
    discount code says expired, i got it today
    # gifts
    gift for a man who has everything, about {20-70} euros
    > he likes trains
    what do you bring to a housewarming besides bread and salt
    can i return {item} without a receipt?
    """),
    minor("cars", {"car": "a 2014 golf, my old volvo, the van, an electric fiat, a diesel estate, my mum's yaris"}, """
    # noises
    {car} squeals when i brake in the morning, gone after a kilometre
    > pads were done in {2021-2024}
    clicking from the front left when i turn {car}
    # warning lights
    orange engine light on {car}, may i still drive home?
    > {~20-300} kilometres to go
    tyre pressure lamp stays on though i filled them
    # battery
    {car} won't start, only clicks
    > how do i connect the cables again
    how long can {car} stand in the cold without a charge
    # buying
    what do i check when i buy {car} privately?
    is {~90-240} thousand kilometres too much for {car}
    lease or buy if i drive {6-30} thousand a year?
    # upkeep
    how often does {car} need new oil?
    > the manual is in Swedish
    winter tyres till when exactly
    can i wash off tree sap with something from the kitchen
    """),
    minor("relationships", {"who": "my girlfriend, my best friend, my sister, my ex, my mother-in-law, my husband, a "
                                   "guy from work"}, """
    # conflict
    {who} hasn't talked to me since sunday, do i write first?
    > i said something stupid about her cooking
    how do i tell {who} that it hurt me without starting a fight
    {who} always brings up old stories when we argue
    # dating
    first date at a climbing gym, good idea or not?
    > we met twice before, in a group
    what do i text after {2-5} days of silence
    # closeness
    how do you trust again after being lied to?
    > it was about money, not another person
    {who} wants to move in together and i'm not sure
    # friends
    how do adults make new friends in a small town
    {who} borrowed {~50-900} euros and avoids me now
    # family
    christmas with {who}, how do i survive three days?
    do i have to invite {who} to my wedding
    # endings
    how do i break up kindly after {2-11} years?
    i saw {who} with someone new and it still stings
    > thanks for listening i guess
    """),
    minor("personal finance", {"goal": "a trip round the world, a flat, an emergency fund, a car, early retirement, my "
                                       "kid's studies"}, """
    # budget
    make a budget for {~1600-3900} net, rent is {~500-1300}
    > i also pay {~40-190} for the train
    where does all my money go, how do i track it without an app
    # saving
    how long until i have {5-60} thousand if i save {~100-700} a month?
    best way to save for {goal}?
    > no shares please
    # debt
    three small debts and one big one, which do i pay first
    is it smart to use savings to clear a card at {9-24} percent
    # tax
    what can i deduct if i work from the kitchen table?
    > only two days a week
    do i pay tax on {~300-4000} from selling old furniture
    # pension
    is it too late to start a pension at {38-57}?
    what does a monthly {~50-300} become in {10-35} years
    # insurance
    which insurances does a single person really need?
    > i have no car
    # money and couples
    how do we split costs when she earns twice as much as me?
    should {goal} come out of a joint account
    """),
    minor("hair and style", {"look": "curly hair, a round face, grey roots, a beard, thin hair, a tall frame, "
                                     "freckles"}, """
    # hair
    which cut suits {look}?
    > i never blow dry
    how do i grow out a fringe without going mad
    box dye turned orange, rescue me
    # clothes
    what do i wear to a wedding in a barn in october?
    > no heels, there's mud
    do brown shoes go with a black suit
    build me a wardrobe of {15-30} pieces for an office
    # skin
    morning routine for dry skin, three products at most
    is retinol worth the flaking
    > i'm {28-49}
    # shopping
    colours for {look} in winter?
    how should a jacket fit at the shoulders
    jeans that don't slide down, tips for {look}
    """),
    minor("babies", {"style": "old fashioned, short, nordic, unusual, biblical, two syllable",
                        "sur": "Okafor, Lindgren, Bianchi, Novak", "boy": "Emil, Hugo, Theo, Samir"}, """
    # names
    {style} girl names that work in English and Spanish?
    > not Maria
    does a {style} name go with the surname {sur}
    brother is called {boy}, what fits for the second one?
    # birth
    what goes into the hospital bag?
    > it's a planned caesarean
    how long does a first labour usually take
    # first weeks
    when does the belly button fall off
    > it smells a bit
    is a dummy bad before {2-6} weeks?
    newborn sneezes all the time, cold or normal
    # gear
    what don't i need to buy for a baby?
    sling or pram for someone with back pain
    used car seat, yes or no?
    # feeding
    how do i know the baby drinks enough?
    > {5-9} wet nappies a day
    pumping at work, how often
    """),
]
