"""Gardening: slugs, soil, and what those spots on the leaves might be."""

from field import major

GARDENING = major("gardening", {
    "veg": "tomatoes, courgettes, runner beans, carrots, garlic, chillies, spinach, leeks, peas, pumpkins, kale, "
           "radishes",
    "flower": "roses, dahlias, tulips, lavender, hydrangeas, peonies, sweet peas, geraniums, snowdrops, sunflowers",
    "tree": "apple tree, fig, plum tree, japanese maple, lemon tree, cherry, olive, magnolia, walnut, birch",
    "pest": "slugs, aphids, spider mites, vine weevils, whitefly, caterpillars, moles, voles, pigeons, ants",
    "soil": "heavy clay, sandy soil, chalk, peat-free compost, a raised bed, wet ground, rubble",
    "spot": "a north facing balcony, a sunny terrace, a shady patch, a windowsill, a windy roof, a dry slope, "
            "a hot patio",
    "month": "March, April, May, July, September, October, January",
    "house": "monstera, orchid, peace lily, cactus, ficus, spider plant, string of pearls, basil pot",
    "shrub": "box hedge, lilac, privet, rosemary bush, hazel, yew, buddleia, raspberry canes, blackcurrant",
    "herb": "mint, parsley, chives, oregano, dill, coriander, thyme",
    "weed": "bindweed, ground elder, dandelions, horsetail, nettles, moss, couch grass",
    "feed": "tomato feed, coffee grounds, bone meal, seaweed extract, wood ash, horse manure, nettle tea",
}, """
# yellow and brown leaves
the lower leaves of my {veg} turn yellow, too much water?
> i water every {2-5} days
> should i cut them off
brown tips on my {house}
black spots on {flower} every summer
> sprayed already, no change
leaves of the {tree} curl inwards and feel sticky
# pests
{pest} are eating my {veg} at night
> no pellets, we have hedgehogs
> does that harm bees?
what keeps {pest} away from {flower} without chemicals?
tiny flies around the {house}, how do i get rid of them
something digs holes in the lawn, {pest} or a badger?
# sowing
when do i sow {veg} if i live at {~300-1200} metres?
> indoors or straight into the ground
is it too late for {veg} in {month}?
do seeds of {flower} from {2012-2022} still come up?
how deep do {veg} seeds go
# pricking out and planting
my seedlings are long and thin, what did i do wrong?
how far apart should {veg} be in {soil}?
> and next to {veg2}?
can i plant {flower} in {month} or will frost kill them?
harden off {veg}, how many days outside
# watering
how often should {veg} on {spot} be watered?
> in a heatwave too?
going away for {7-21} days, how do the plants survive?
is rain water really better for a {house}
drip hose or watering can for {flower}?
# pruning
when do i prune a {tree}?
> it hasn't been cut for {3-15} years
how hard can i cut back {shrub}?
> will it flower the same year
what is a water shoot on my {tree} and should it go
dead wood on the {shrub}, cut to where?
# soil
how can i improve {soil} without digging everything over?
> would {feed} help
what do i test soil for before growing {veg}?
can i reuse last year's compost for {veg}?
# compost
my compost smells and is slimy
> mostly grass, i admit
what must not go on the heap?
how long until leaves turn into usable mould
rats at the compost, can i keep it anyway?
# feeding
is {feed} good for {flower}?
> how much per plant
how do you know a plant lacks nitrogen and not iron?
can i overdo it with {feed}?
# lawn
moss everywhere in the grass, what now?
> it's under the {tree}
reseed bare patches in {month}, yes or no
mow before holidays or after?
how do i turn lawn into a flower meadow
# houseplants
my {house} hasn't flowered in {2-5} years
> it stands in the bathroom
repot a {house}, what size of pot?
> the roots come out at the bottom
why does my {house} drop leaves each winter
can a {house} live in an office without windows?
# weeds
how do i kill {weed} without glyphosate?
> it comes through from next door
is {weed} good for anything?
{weed} between paving stones, fastest way
# hedges and screens
fast growing screen for {spot}, not bamboo
> evergreen please
can i move a {shrub} that has stood there {5-20} years?
how near to the fence may a {shrub} be planted
# fruit
the {tree} flowered but there is no fruit
> it's alone in the garden
when are figs ripe, soft or already hanging?
net or no net against {pest} on the {tree}?
strawberries get smaller every year, why
# herbs
supermarket basil dies within a week, how do i keep it alive?
which herbs share a pot on {spot}?
dry or freeze {herb}?
# balcony
what grows on {spot} that i can eat?
> i have {2-6} pots of about thirty centimetres
how much weight can a balcony carry, with {soil}?
cheap planting for {spot} that looks good till {month}
# greenhouse
is it worth heating a small greenhouse for {veg}?
how do i stop {veg} getting mildew under glass
# bulbs
when do i lift {flower}?
> they're in {soil}
do {flower} come back every year
# design
turn a narrow garden of {4-9} by {12-30} metres into something nice, {spot}
> with a place to sit
which colours go with {flower} in one bed?
plants for {spot} that survive neglect
# companion planting
what can go next to {veg}?
> is that proven or folklore
bad neighbours for {veg}?
# harvest
how do i know that {veg} are ready?
> and storing them till {month}?
too many {veg}, who wants them or what can i do
how do you cure {veg} before storing?
# disease
white powder on the {veg} leaves
> milk spray, seriously?
is it blight if the stems go brown too
can i compost diseased {flower}?
# propagation
take cuttings from {shrub}, when and how?
> honey instead of rooting powder?
can i grow a {tree} from a stone
divide {flower} or leave them alone?
# wildlife
what do bees actually like in {month}?
how do i build a hedgehog corner behind the {shrub}
is a small pond worth it on {spot}?
> mosquitoes worry me
# winter
wrap the {tree} or carry it inside?
> no cellar here
which {flower} can stay out all winter?
what's left to do in the garden in {month}
# tools
spade or fork for {soil}?
how do i sharpen secateurs?
is a robot mower any good with {tree} roots all over
# neighbours and rules
neighbour's {tree} hangs over my bed, may i cut it?
> it drops fruit on the path too
do i need permission to fell a {tree}
# identification
what plant has heart shaped leaves and blue bells in {month}?
> no smell at all
something with {4-7} petals came up between the {veg}, weed or flower?
# allotment
what should i take over from the previous tenant of an allotment?
first year plan for {soil}, beginner, {1-3} hours a week
> fewer crops please
# buying
bare root or potted {shrub}?
which {tree} stays under {2-4} metres?
""", """
the garden faces east
my soil is {soil}
we had frost last night
i only have time on sundays
no chemicals, the cat eats everything
it's my first garden
we live at {~200-900} metres
the deer come right up to the house
it hasn't rained for weeks
i'm {60-82} and can't dig anymore
we only rent the plot
the neighbour's does fine
""", """
and for {veg2}?
does that work on {spot}
in {month} still?
how much water is that
what would you plant instead
won't the {pest} eat it
mine is in a pot, same thing?
how tall does it get
do i cut above or below the bud
no, it's the old leaves not the new ones
is it poisonous for cats?
would {feed} save it
they're coming up now, finally
where do i even buy that
how long until i see a difference
""")
