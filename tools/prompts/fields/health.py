"""Health questions: what people ask before they call a doctor, after they saw one, or at three in the morning."""

from field import major

HEALTH = major("health", {
    "pain": "lower back, left knee, jaw, right shoulder, neck, big toe, wrist, hip, chest, tooth, heel, lower belly",
    "sym": "a dry cough, a rash, dizziness, a fever, heartburn, night sweats, a sore throat, swollen ankles, a "
           "headache,"
           "tingling fingers, nausea, ringing ears",
    "med": "ibuprofen, paracetamol, antibiotics, an antihistamine, blood pressure tablets, metformin, iron tablets,"
           "cortisone cream, melatonin, a statin",
    "cond": "asthma, diabetes type 2, high blood pressure, migraine, reflux, hay fever, eczema, an underactive "
            "thyroid, "
            "gout,"
            "anaemia, sleep apnoea, arthritis",
    "who": "my son, my mother, my husband, my grandad, my roommate, my teenage daughter",
    "elder": "my mother, my grandad, my aunt, my father-in-law",
    "adult": "my husband, my sister, a friend, my flatmate, my teenage daughter",
    "child": "my son, our little one, my niece, my 4 year old",
    "food": "coffee, alcohol, dairy, spicy food, red meat, grapefruit, chocolate, bread",
    "test": "cholesterol, ferritin, vitamin D, blood sugar, white cell count, TSH, creatinine, liver values",
    "sport": "running, swimming, weight training, yoga, cycling, football, climbing",
    "month": "April, May, June, the whole spring",
    "time": "three days, a week, two months, half a year, ten days, a fortnight, six weeks",
}, """
# symptoms
i've had {sym} for {time}, should i worry?
> no fever, just tired
> it gets worse at night
what could cause {sym} and {sym2} together?
woke up with {sym} and my heart is racing
is {sym} after eating {food} an allergy or something else?
> how would i find out
# pain
my {pain} hurts when i get up in the morning, goes away after an hour
> it started after {sport}
sharp pain in my {pain} when i breathe in deeply
ice or heat for a sore {pain}?
> how many times a day
does a clicking {pain} mean something is broken
# when to see someone
at what point should {who} see a doctor with {sym}?
> it's the weekend and our practice is closed
is {sym} an emergency if it comes suddenly?
which kind of specialist do i need for my {pain}?
# medicines
can i take {med} together with {med2}?
> i took the first one two hours ago
> what if i already had a glass of wine
i forgot my {med} this morning, take it now or skip?
what are the usual side effects of {med}?
how long can one take {med} before it becomes a problem
is the cheap version of {med} really the same
# results
my {test} came back a bit high, what does that mean?
> the lab range says up to {~20-200}
> do i have to fast before they repeat it
what's a normal {test} for a woman of {30-75}?
explain this to me: {test} low, everything else fine
# conditions
what can i change at home if i have {cond}?
> i already quit {food}
just diagnosed with {cond}, feeling a bit lost
> is it for life?
does {cond} run in families?
can {cond} get better without tablets
# children
{child} has {sym} and won't drink anything
> 39.{1-8} measured under the arm
how much paracetamol for a child of {9-25} kilos?
is it normal that a {2-9} month old wakes up every two hours?
rash all over the belly after playgroup, contagious?
# pregnancy
{10-36} weeks pregnant and i have {sym}, normal?
which {food} should i avoid while pregnant?
can i keep doing {sport} in the second trimester?
> until when roughly
# sleep
can't fall asleep before {1-4} am, what helps that isn't a pill?
> no screens after ten, tried that
is waking up at four every night a sign of something?
how many hours does a {14-80} year old need?
# food and weight
how do i lose {4-20} kilos without giving up {food}?
> i sit at a desk all day
is intermittent fasting ok with {cond}?
i eat well but i'm always hungry at night
# exercise
start {sport} again after {2-9} months off, how carefully?
> the knee is fine now
is it bad to do {sport} with a cold?
which exercises help a stiff {pain}?
# mental health
i've been feeling empty for {time} and don't enjoy anything
> no, i haven't told anyone
how do i know whether it's stress or a panic attack?
how can i support {adult}, who stopped going out?
what happens in a first session with a therapist
# skin
a mole on my back changed its shape, how fast should i get it seen
what helps against itching from {cond}?
blister from new shoes, pop it or leave it?
> it already opened by itself
# teeth
gums bleed when i brush, for {time} now
wisdom tooth out tomorrow, what can i eat afterwards?
> when can i do {sport} again
# eyes and ears
everything is blurry after {4-10} hours at the screen
water stuck in my ear since swimming, how do i get it out?
floaters in one eye, when are they dangerous
# injuries
i twisted my ankle at {sport}, it's blue but i can walk
> how long should i keep it up
cut my finger with a bread knife, does it need stitches?
{child} fell and hit the back of the head, what do i watch for?
# infections
how long is someone contagious with {sym}?
> can {child} go to school on monday?
do i need antibiotics for green mucus?
tick bite, there's a red ring now
# vaccines
flu jab and covid booster on the same day?
when was i supposed to renew tetanus, every ten years?
# allergies
hay fever is ruining {month}, what works besides {med}?
> i'm driving a lot so nothing that makes me sleepy
can you become allergic to {food} as an adult?
# heart
my blood pressure was {130-170} over {80-105} at the pharmacy
> only once, i'd run for the bus
skipping heartbeats when i lie down, harmless?
# stomach
bloated after every meal, where do i start?
> {food} seems to be the worst
how long does a stomach bug normally last?
is it reflux if it burns only at night
# women's health
period is {6-20} days late and the test is negative
cramps so bad i can't work, is that normal?
hot flushes at {41-56}, what are my options
# men's health
have to get up {2-5} times a night to pee, i'm {50-75}
what does a prostate check involve?
# older people
{elder} forgets names lately, ordinary ageing or more?
> it's been about a year
how do we make the bathroom safe after a fall?
# appointments
what should i ask the doctor about {cond}? i only get ten minutes
> put the most important first
how do i get a second opinion about an operation on my {pain}?
can i see my own file, legally
# words
what does idiopathic mean in a report?
translate this from doctor language: mild degenerative change of the {pain}
> so is that arthritis
# prevention
which check-ups make sense at {30-65}?
does drinking {2-4} litres of water a day do anything?
are vitamin D drops useful in winter?
# habits
i want to stop smoking, day {2-12} and i'm going crazy
> nicotine gum or patches
how many units a week is too much alcohol?
does vaping harm less or is that marketing
# travel health
diarrhoea on holiday, what do i pack against it?
can i fly with {sym}?
""", """
i'm {19-78} and otherwise healthy
i also have {cond}
i take {med} every day
my appointment is only in {2-6} weeks
i work night shifts
not looking for a diagnosis
asking for a friend
i'm breastfeeding
i don't smoke
i sit most of the day
doctors here are on holiday
i'm a bit anxious about these things
""", """
and if it doesn't get better?
is that dangerous with {cond}
how fast does {med} work?
could it be from {food}
no, the pain is on the other side
what would a doctor do first?
can i still do {sport}
i don't have {sym2}, only {sym}
how do i explain that to {who}
in plain words please
should i stop the {med}?
any home remedy for that
sorry, i meant {time}, not longer
thanks, that calms me down a little
does age matter there, i'm {20-80}
""")
