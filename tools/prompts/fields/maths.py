"""School mathematics: homework at the kitchen table, exams next week, parents who have forgotten fractions."""

from field import major

MATHS = major("maths", {
    "a": "3x + 7 = 22, 5(x - 2) = 3x + 4, 2x - 9 = 15 - x, x/4 + 3 = 8, 7 - 2x = x + 1, 4x = 18 - 2x",
    "quad": "x^2 - 5x + 6, 2x^2 + 3x - 2, x^2 + 4x + 4, x^2 - 9, 3x^2 - 12x + 9, x^2 + 2x - 15",
    "frac": "3/4, 5/6, 2/9, 7/12, 11/15, 1/8, 4/7, 13/20",
    "shape": "triangle, trapezium, cylinder, cone, sphere, rhombus, hexagon, pyramid, parallelogram",
    "topic": "logarithms, vectors, percentages, negative numbers, fractions, probability, derivatives, trigonometry, "
             "ratios,"
             "sequences, prime factors, standard deviation",
    "func": "sin(2x), x^3 - 4x, ln(x + 1), e^(3x), 1/(x - 2), x sqrt(x), cos(x)^2, x e^x",
    "ware": "apples, tickets, marbles, pencils, stamps, cups of flour, metres of rope, stickers",
    "name": "Leila, Tom, Anika, Jonas, Mei, Omar, Greta, Pavel",
    "grade": "year 5, year 7, grade 9, sixth form, fourth grade, year 10, my final exams",
    "theorem": "Pythagoras, the binomial theorem, the sine rule, the remainder theorem, the intermediate value theorem",
}, """
# equations
solve {a} step by step
> why do you move the x to the left?
> how do i check it
is {a} the same as {a2}? i get the same answer for both
what do i do with an equation that has x on both sides
two equations: x + y = {12-40} and x - y = {2-10}, find both
# quadratics
factorise {quad}
> i don't see where the numbers come from
> and {quad2}?
how do i find the vertex of {quad}?
when does a quadratic have no solution?
complete the square for {quad} please, slowly
# fractions
what is {frac} plus {frac2}?
> can that be simplified
> now divide it by two
how do i explain {frac} divided by {frac2} to a child in {grade}?
which is bigger, {frac} or {frac2}, without a calculator?
turn {frac} into a decimal and a percentage
# percentages
a jacket costs {40-190} after {10-60} percent off, what was the price before?
> so i can't just add the percent back?
{12-95} out of {96-240}, what percent is that
interest of {2-7} percent on {200-5000} for three years, compounded
price goes up {5-30} percent and then down by the same, why isn't it back
# word problems
{name} has {12-60} {ware} and gives a third to {name2}, how many are left?
> and if she gives half of the rest away
a train leaves at {6-9}:15 and goes {60-140} km/h, when has it done {200-480} km?
{3-9} painters need {4-12} days for a house, how long do {10-16} need?
{name} is {3-8} years older than {name2}, together they are {30-60}
> how would i write that as an equation
pool fills in {3-9} hours with one pipe and {10-14} with the other, both open?
# geometry
area of a {shape} when only the sides are given?
> the sides are {4-9}, {10-14} and {5-12}
how many degrees do the angles of a {shape} add up to and why
volume of a {shape} with radius {2-12} and height {5-30}
what's the difference between similar and congruent?
how high is a tree if its shadow is {4-19} m and mine is {1-3} m
# trigonometry
when do i use sine and when cosine?
> what if there is no right angle
find the angle if opposite is {3-9} and hypotenuse is {10-15}
why is sin(30) exactly a half?
convert {20-350} degrees to radians
# functions
how do i tell whether a graph is a function?
what does f({2-6}) mean if f(x) = {quad}
draw me a picture in words of y = {func}
inverse of y = {2-9}x - {1-8}?
> does every function have one
# derivatives
derivative of {func}?
> which rule was that
> and the second derivative
where does {func} have a maximum?
why is the derivative of e^x again e^x
what is a limit, really?
# integrals
integrate {func} from 0 to {1-4}
> do i need the plus c here
area between y = x^2 and y = {2-9}x
how can i tell whether to substitute or integrate by parts
# probability
chance of rolling at least one six in {2-6} throws?
> i added 1/6 each time, why is that wrong
a bag has {3-9} red and {4-8} blue {ware}, two out without putting back
what's the probability that two in a class of {20-32} share a birthday
permutation or combination when picking {2-5} people out of {8-15}?
# statistics
mean, median and mode of {2-9}, {4-12}, {4-12}, {13-20} and {21-40}
> which one fits best if one number is extreme
how do i draw a box plot by hand?
what does a standard deviation of {2-15} tell me about test marks
# number theory
is {101-997} prime?
> quickest way to see that?
greatest common divisor of {24-96} and {100-180}
why is a number divisible by nine when its digits are
# powers and roots
simplify sqrt({50-200})
what is 2 to the power of minus {2-6}?
> why isn't it negative
rules for multiplying powers, with one example each
# logarithms
log base 2 of {16-128}, how do i do that in my head
what are logarithms good for in real life?
solve 3^x = {20-400}
# sequences
next number: {2-5}, {6-9}, {12-15}, {20-24}?
sum of the first {20-200} even numbers, is there a trick?
> show me why that works
is 5, 10, 20, 40 arithmetic or geometric
# vectors and matrices
angle between the vectors ({1-9}, {2-8}) and ({3-7}, {1-6})
multiply a 2x2 matrix with a vector, what goes where?
what does a determinant of zero mean
# proofs
prove that the sum of two odd numbers is even
> is an example enough for a proof?
how does proof by induction work, using something with {topic}
why is the square root of two irrational
# coordinates
midpoint of ({1-9}, {2-8}) and ({10-16}, {3-12})?
how do i find the slope when the line goes straight up
> so undefined, not zero?
reflect the point ({2-9}, {1-7}) in the y axis
# money sums
split {~40-400} euros in the ratio {2-3} to {4-5}
> between three people instead
which is the better buy, {3-6} pens for {4-9} euros or a dozen for {11-19}?
# units
how many square centimetres in {2-9} square metres?
> i always multiply by a hundred, wrong?
convert {30-130} km/h to metres per second
# mental arithmetic
trick for multiplying by {11-19} in my head?
{13-79} times {14-68} without paper
how do i estimate {200-900} divided by {11-29}
# exam preparation
i have a test on {topic} on friday, what should i practise?
> give me five problems, no solutions yet
> ok now the answers
make a one page summary of {topic} for {grade}
quiz me on {topic}, one question at a time
which mistakes do people make most with {topic}?
# checking work
i got {2-90} for number {1-12}, the book says {91-140}, who is right?
> oh, i forgot the minus
is it allowed to square both sides here?
my teacher took a point off because i didn't write the unit
# parents helping
{name} in {grade} cries over {topic}, how can i help?
what's the new way of doing long division they teach in {grade}?
> we did it differently in my day
game ideas for times tables in the car
# understanding
why can't you divide by zero?
what is {theorem} about, in one picture?
> where would i use that
who invented negative numbers?
i get {topic} in class and then nothing at home
""", """
it's for {grade}
no calculator allowed
my teacher wants every step
test is tomorrow
i'm bad at {topic}
explain it without formulas if you can
i'm helping my nephew with homework
i missed two weeks of school
we only had this once in class
i want to understand it, not copy it
it's number {2-19} on the sheet
i'm {35-60} and back at school
""", """
how did you get from line two to line three?
can you draw it
is that in {grade} already
and with {frac2} instead
wait, shouldn't it be negative
i got {2-60}, is that also right?
give me a harder one
another one like that please
why do you multiply there
round it to two places
what's the rule called?
so the answer is {3-99}?
ah now i see it, you swap the sides
do that again with letters instead of numbers
ok but when is that not true
""")
