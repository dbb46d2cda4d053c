"""Cooking: the kitchen as people really ask about it, mostly while something is already in the pan."""

from field import major

COOKING = major("cooking", {
    "dairy": "butter, buttermilk, heavy cream, sour cream, milk, ricotta, yoghurt, mascarpone, parmesan",
    "bake": "scones, brownies, cinnamon rolls, muffins, oat cookies, cupcakes, bread rolls, madeleines, flapjacks, "
            "macarons",
    "meat": "chicken thighs, spare ribs, lamb shanks, turkey breasts, duck legs, pork chops, beef short ribs, "
            "meatballs",
    "veg": "leeks, aubergines, beetroot, cauliflower, courgettes, sweet potatoes, brussels sprouts, fennel, cabbage",
    "dish": "risotto, lasagne, chilli, pad thai, goulash, paella, shepherd's pie, ramen, a lentil dal, moussaka, gumbo",
    "spice": "cumin, smoked paprika, turmeric, star anise, saffron, cardamom, sumac, fennel seed, allspice",
    "pan": "cast iron skillet, wok, dutch oven, non-stick pan, stainless pan, griddle, roasting tin, pressure cooker",
    "fish": "salmon, cod, mackerel, sea bass, tuna steaks, prawns, mussels, trout",
    "guest": "my in-laws, six hungry teenagers, a vegan friend, my boss, two toddlers, my book club, a friend with nut "
             "allergy",
    "grain": "basmati rice, quinoa, couscous, pearl barley, bulgur, polenta, brown rice",
    "sauce": "bechamel, hollandaise, tomato sauce, pesto, gravy, a caramel, custard, teriyaki glaze, tahini dressing",
    "melon": "melon, mango, avocado, pineapple, watermelon",
    "cuisine": "Georgia, Morocco, Peru, Korea, Turkey, Ethiopia, Greece, Vietnam",
    "meal": "sunday lunch, a weeknight dinner, a picnic, brunch, a garden party, christmas eve, a barbecue",
}, """
# substitutes
what can i use instead of {dairy} in {bake}?
> and if i don't have {dairy2} either?
> will it still rise though?
my recipe for {bake} calls for {spice} but the shop had none, can i swap in {spice2}?
> half the amount or the same?
is there a decent egg replacement for {bake} that isn't flaxseed?
i'm out of {dairy}. what now?
> no, i can't go to the shop, it's sunday
# rescue
help, i put way too much salt in the {dish}
> i don't have potatoes, anything else?
> how much sugar are we talking
my {sauce} split, can it be saved?
> it's still lumpy after whisking
the bottom of the {dish} burnt, do i have to bin the whole pot?
# timing
how long do {meat} take at {~160-220} degrees?
> and with the lid off?
> mine are straight from the fridge, does that change it
roughly how many minutes per side for {fish} in a {pan}?
if i want to eat at seven, when should the {meat} go in?
> ok and the {veg}?
# doneness
how can i tell {meat} are cooked without a thermometer
what internal temperature is safe for {meat}?
> in fahrenheit please
the juices are still pink on my {meat}, is that dangerous or fine?
# scaling
this {dish} recipe feeds {2-4}, i need it for {8-20}. do i just multiply everything?
> even the {spice}?
can i halve {bake} when the recipe uses three eggs?
> so what do i do with the half egg
# what to cook
i've got {veg}, {grain} and half a jar of {sauce} in the fridge. ideas for tonight?
> something quicker, i have twenty minutes
> no, the kids won't eat {veg}
give me three cheap dinners that use up {veg}
what goes well with {fish} besides potatoes?
tired of making {dish} every week, suggest something similar but different
> the second one sounds good, what do i need to buy?
# guests
what should i cook for {guest} at {meal}?
> make it vegetarian please
> can any of that be done the day before?
planning a three course menu for {guest}, nothing too fancy, starter must be cold
{guest} are coming saturday and i only know how to make {dish}. is that acceptable?
# freezing and storage
does {dish} freeze well or does it go watery?
> how long will it keep in there
can i keep cooked {grain} in the fridge for four days
is it safe to refreeze {meat} after thawing them overnight?
how do i stop cut {veg} going brown in the lunchbox?
# equipment
do i really need a {pan} for {dish}?
> what's the cheapest one that won't warp
everything sticks to my {pan}, what am i doing wrong?
how do you clean a burnt {pan} without ruining the coating
air fryer or oven for {veg}, honestly?
# baking science
why did my {bake} sink in the middle?
> i did open the oven door, yes
> oven thermometer says it runs {10-30} degrees hot
what does baking soda do that baking powder doesn't?
my {bake} come out dry every single time
# bread
how sticky should sourdough dough be before shaping?
my starter smells like nail polish remover, is it dead
> how often should i feed it then?
can i prove bread overnight in a fridge if i used instant yeast?
# technique
what does it actually mean to fold in {dairy}?
how do i fillet {fish} at home without wasting half of it?
how do you get the skin on {fish} properly crisp
> medium heat or screaming hot?
explain deglazing like i have never cooked anything
is it worth salting {veg} before frying?
# sauces
easy {sauce} without a blender?
how can i thicken {sauce} without flour?
> would cornstarch make it cloudy
can you make {sauce} a day ahead and reheat it gently
# diet
a low salt version of {dish} that still tastes of something?
my doctor says less saturated fat, how do i make {dish} lighter?
> leave the {dairy} out, just tell me what to use
gluten free {bake} keep crumbling on me
is there enough protein in {grain} and beans for a main meal?
# spices
what does {spice} taste like?
> so closer to {spice2}?
should i toast {spice} before grinding it?
how long until ground {spice} loses its flavour
# shopping
how many grams of {grain} per person?
what cut should i ask the butcher for if i want to slow cook it?
how do i pick a ripe {melon} at the market?
frozen {veg} or fresh for {dish}, does it matter?
# breakfast
how do i poach an egg that doesn't turn into soup
fluffy pancakes, no {dairy}, go
> can i make the batter tonight
overnight oats ratio?
# preserving
i have {3-9} kilos of plums from a neighbour, jam or chutney?
> how do i sterilise the jars
do pickled {veg} need to be boiled in a water bath?
# world kitchens
how would someone in {cuisine} season {meat}?
what makes an authentic {dish}, according to people who grew up with it?
> i can't buy that here, so what's close?
name a dessert from {cuisine} that needs no oven
# drinks
what wine do i put in {dish} if i never drink wine?
> non alcoholic option?
can i make cold brew coffee in an ordinary jar?
# food safety
i left {dish} on the stove overnight, can i still eat it?
> it was boiled again this morning
my {dairy} is {2-9} days past the date but smells ok
there is white stuff on my {veg}, mould or fine?
# batch cooking
i want to cook once on sunday and eat until thursday, what holds up best?
> swap the {grain} for something else
how do i portion {dish} for lunches at work
# costs
cheapest way to make {dish} for a family of {3-7}?
is it cheaper to use the slow cooker than the oven for {meat}?
# presentation
how do restaurants get {veg} so glossy?
write me a short menu card for {meal} with {dish} as the main
# kids
my {2-5} year old refuses anything green. sneaky ideas with {veg}?
what can a seven year old safely help with when we make {bake}?
""", """
i only have one ring that works
my oven is fan assisted, if that matters
we're eating in an hour
i'm a complete beginner
we have small children
no microwave here by the way
i tend to burn everything
we don't eat pork at home
nothing spicy please, my husband hates it
the shop closes in {10-40} minutes
my kitchen is tiny
i cook for one most days
""", """
and with {veg} instead?
how much {spice} should i add then?
can i leave out the {dairy}?
do i cover it or not
what heat, medium or low?
would that work in a {pan} too
it tastes a bit flat now, what's missing?
give me the shopping list for that
in grams please, i don't have cups
can it go in the oven at the same time as the {meat}
what would you serve next to it?
it smells amazing already
it came out great, {guest} loved it
hmm it's still raw in the middle
how far ahead can i prep this?
""")
