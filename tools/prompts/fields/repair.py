"""Home repair: something drips, squeaks or will not turn off, and there is one screwdriver in the house."""

from field import major

REPAIR = major("repair", {
    "drip": "kitchen tap, shower head, radiator valve, toilet cistern, garden tap, washing machine hose, pipe under "
            "the sink",
    "room": "bathroom, hallway, cellar, bedroom, kitchen, attic, garage, utility room",
    "wall": "plasterboard, old brick, concrete, tile, wood panelling, lath and plaster",
    "app": "dishwasher, washing machine, tumble dryer, fridge, boiler, extractor fan, oven, heat pump",
    "thing": "shelf, curtain rail, 30 kg mirror, television, cupboard, hammock, punch bag, coat rack",
    "tool": "a drill, a multimeter, a spirit level, an angle grinder, a plunger, a jigsaw, a stud finder, a heat gun",
    "floor": "laminate, parquet, vinyl, floorboards, tiles, carpet, cork",
    "paint": "gloss, emulsion, limewash, chalk paint, primer, varnish, anti-mould paint",
    "part": "hinge, washer, thermostat, fuse, seal, cartridge, belt, float valve, capacitor",
    "door": "front door, sliding door, cupboard door, garage door, bedroom door, patio door, shower door",
    "stuff": "silicone, expanding foam, wood filler, grout, epoxy, plumber's tape, plaster, contact adhesive",
}, """
# leaks
my {drip} drips even when it's closed tight
> i already changed the {part}
> where do i shut the water off
water stain on the {room} ceiling, getting bigger
how do i find a leak in a wall without opening it?
the {drip} leaks only when it's warm
# blocked drains
{room} sink is blocked, i don't want to use chemicals
> plunger did nothing
> what if the pipe is plastic
shower drain smells although the water runs off fine
toilet fills up to the rim before it slowly goes down
# electrics
lights in the {room} flicker when the {app} starts
> old house, fuses from the seventies
the breaker trips every time i plug in the {app}
is it safe to swap a ceiling lamp myself?
> there are three wires, no green one
socket in the {room} is warm to touch, should i be worried
what's the difference between a fuse and an rcd?
# walls and holes
how do i fix a fist sized hole in {wall}?
> what grit should i sand with
hang a {thing} on {wall}, which plugs do i need?
> how far apart should the screws be
my drill just spins in {wall} and nothing happens
crack above the {door}, cosmetic or serious?
# painting
do i need {paint} before {paint2} on {wall}?
how many litres for a {room} of {8-30} square metres?
> two coats of white
paint peels off in the {room}, only at the bottom
how can i paint around a {door} without making a mess
brush or roller for {paint}?
# appliances
{app} shows E{10-29} and stops
> i cleaned the filter, same
> is it worth repairing, it's {5-14} years old
my {app} makes a grinding noise at the end of the cycle
{app} doesn't get warm anymore
how do i get the {app} out without scratching the {floor}?
# heating
radiator in the {room} is cold at the top
> where do i get that little key
boiler pressure drops from {1-2}.5 to nothing within days
should i turn the heating off when i leave for {2-14} days?
what does the number on a radiator thermostat mean
# floors
{floor} squeaks in front of the bed, can i fix it from above?
> it's glued i think
can i lay {floor} on top of old {floor2}?
deep scratch in the {floor}, any trick?
how do i get {stuff} off {floor}
# doors
{door} sticks in summer and closes fine in winter
> which side do i plane
how do i change a lock cylinder, what do i measure?
my {door} slams by itself when a window is open
draught under the {door}, cheapest cure?
# windows
condensation between the panes, is the window finished?
how do i reseal a window with {stuff}?
> the old stuff won't come off
roller blind stuck halfway down
# mould and damp
black mould in the corner of the {room}, bleach or vinegar?
> it comes back every winter
how do i know if it's rising damp or bad airing
is {paint} any good against mould
# tiles
one tile in the {room} is loose, can i glue it with {stuff}?
drill through tile without cracking it?
> porcelain, i think
how do i clean grout that went grey
# furniture
a chair leg wobbles, what glue holds?
> it was glued before
how do i fill a burn mark in a wooden table
drawer of an old dresser gets stuck every time
strip {paint} from a wardrobe without chemicals
# tools
do i need {tool} for a {thing} or is there another way?
is {tool} something a beginner should own?
> i'd use it twice a year
rent or buy {tool} for one weekend
what size of bit for an {6-10} mm plug?
# roof and gutter
gutter overflows in heavy rain though i cleaned it
> the downpipe gurgles
a roof tile slipped, can i push it back from inside?
# insulation
what is the best way to insulate a loft that i also use for storage?
> how thick
is it worth insulating pipes in the {room}
how do i stop noise through {wall} from next door
# toilets
toilet keeps running after flushing
> the {part} looks fine
how do i replace a toilet seat when the bolts are rusted?
# outside
fence post is rotten at the ground, replace or repair?
how deep should a post foundation be for a gate?
moss on the terrace slabs, pressure washer yes or no
# pests
mice in the {room}, how do they get in?
> poison is out, we have a cat
ants come out of a crack next to the {door}
wood worm holes in the beam, are they alive?
# costs and trades
what does a plumber charge for a {drip}, roughly?
> is {~90-400} too much then
how do i tell whether a quote for a new {room} is fair?
which jobs in a {room} must a professional do?
# safety
how do i know there is no cable where i drill?
> my detector beeps everywhere
i smell gas in the {room}, what first?
do i need a mask when sanding old paint
# small fixes
smoke alarm chirps every minute, new battery is in
squeaky {part} on the {door}, oil or grease?
how do i get a broken key out of the {door}
screw head is stripped, how do i get it out?
> i don't have {tool}
# renovation order
we're redoing the {room}, what comes first, floor or walls?
> and the {app}?
can i live in the flat while they sand the {floor}
# materials
{stuff} or {stuff2} for a gap of {4-30} mm?
how long does {stuff} take to dry before it can get wet?
> it's cold in there, {5-14} degrees
which screws don't rust on a {room} wall
# smart home
thermostat lost wifi and now heats all night
can i put a smart switch in without a neutral wire?
# moving in
what should i check in the {room} before i sign the handover?
how do i remove {paint} splashes from {floor} after moving out?
""", """
i rent, so nothing permanent
i have {tool} and not much else
the house is from {1905-1995}
i've never done this before
it's an old building
the plumber can only come in {2-5} weeks
it's above the neighbour's flat
the last owner did it himself
i have {2-6} hours on saturday
my ladder is short
it's freezing outside
the landlord doesn't care
""", """
and on {wall}?
how long will that take me
what if the {part} breaks
can i leave it like that until monday
do i need {tool} for that
will {stuff} hold there?
it's not the {part}, i checked
which way does it unscrew?
what does that cost roughly
ok water is off, next step
do i have to switch the power off first?
the old one has a different size, {8-40} mm
it's dripping again
is that a job for two people
done, dry since yesterday
""")
