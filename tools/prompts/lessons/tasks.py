"""Task types of a distiller's list, one a line under its group: what a student model is made to practise.

Holes name kinds of subjects (see subjects.py); {topic} is any of science, history, society, art, tech and practice.
"""

TASKS = """
# explanation
Explain {topic} to a [ten-year-old|curious adult|university student|new employee] in [three|two|five] sentences.
Describe how {science} works[, step by step|, using an everyday example|].
Explain why {society} matters for [small towns|young workers|developing countries|the environment].
Give an intuitive explanation of {tech} without using technical terms.
What is the main idea behind {topic}?
# comparison
Compare {tech} and {tech2} in terms of [cost and reliability|speed and safety|ease of use].
What are the similarities and differences between {art} and {art2}?
Contrast the leadership of {person} with that of {person2}.
Make a table comparing {place} and {place2} by [climate, language and economy|size, history and food].
# definition
Define {society} in one sentence and give an example.
Provide a glossary of {4-9} terms related to {topic}.
What does the term "{tech}" mean in the context of computing?
# summarisation
Summarize the key events of {history} in {40-120} words.
Write a one-sentence summary of the life of {person}.
Condense the main arguments for and against {society} into four bullet points.
Write an abstract for a paper about {science}.
# history questions
What were the main causes of {history}?
How did {history} change everyday life for ordinary people?
List the most important dates of {history} in chronological order.
Which misconceptions do people have about {history}?
# natural science questions
What role does {science} play in [medicine|climate|modern industry|the deep sea]?
Which experiment first demonstrated {science}?
What would happen on Earth without {science}?
Name {3-6} open questions in the study of {science}.
# animals and nature
How does the {animal} [find food|raise its young|avoid predators|communicate]?
Classify the {animal} from kingdom to species.
Write a fact sheet about the {animal} with five entries.
# geography
Describe the geography and climate of {place}.
What are {3-6} facts about {place} that most visitors do not know?
Which industries is {place} known for, and why?
# law and government
Explain the rules on {society} with the help of a fictional case.
Write a short policy brief on {society} for a city council.
What arguments would a judge consider in a dispute about {society}?
# economics
How would a rise in interest rates affect {crop} farmers?
Calculate the simple interest on {200-9000} dollars at {2-9} percent for {2-8} years.
Explain supply and demand using the market for {crop}.
Analyze the economic impact of {history}.
# arts and culture
Describe the main features of {art} and name two works.
Write a museum label for an exhibition on {art}.
How did {art} influence {art2}?
# sports
Explain the scoring system of {sport}.
Create a {4-12} week training plan for {sport}.
What equipment does a beginner need for {sport}?
# biography
Write a short biography of {person} for [a textbook|a children's magazine|a plaque].
Name three achievements of {person} and explain why they mattered.
What can students today learn from {person}?
# programming
Write a {code} function that [reverses a linked list|checks for balanced brackets|merges two sorted arrays].
Implement an algorithm for {algo} in {code} with comments.
Write a {code} program that prints [a multiplication table|Pascal's triangle|the first {10-50} primes].
Write a {code} class that models a [bank account|library|parking garage|deck of cards].
# code explanation and repair
Explain what the following {code} expression does and suggest a clearer version: x = x & (x - 1).
Find the bug: for (int i = 0; i <= n; i++) sum += get(a, i);
Describe three common mistakes that beginners make in {code}.
Convert a for loop over {2-9} elements into a recursive function in {code}.
# databases
Write an SQL query that returns the {3-10} best-selling products per [region|month|category].
Design a database schema for a [clinic|library|cinema|ferry company] with {3-6} tables.
Explain database normalization using a [library|school|hotel] as an example.
# regular expressions
Write a regular expression that matches [an ISO date|a hexadecimal colour|a licence plate|a postal code].
Explain what the pattern (ab)+c? matches and give {2-5} examples.
# algorithms
Describe an algorithm for {algo} and state its time complexity.
Trace bubble sort on the list {10-20}, {1-9}, {30-40}, {21-29}.
Give pseudocode for {algo}.
# arithmetic
Compute {12-99} * {12-99} and show the intermediate steps.
What is {11-95} percent of {120-990}?
Convert {20-250} kilometres to miles.
Round {1000-9999} to the nearest hundred and explain the rule.
# algebra
Solve for x: {2-9}x + {1-20} = {21-90}.
Factor the polynomial x^2 + {5-9}x + {4-6} or show that it is irreducible.
Find the slope of the line through ({0-4}, {1-9}) and ({5-9}, {1-9}).
# word problems
{name} buys {3-9} notebooks at {2-5} dollars each and pays with a fifty. How much change is due?
A tank holds {200-900} litres and loses {3-12} litres a day. After how many days is it half empty?
{name} walks {2-6} km/h and {name2} cycles {10-20} km/h. When is the gap {10-40} km?
# probability and statistics
What is the probability of drawing {2-3} red cards in a row from a standard deck?
Interpret a correlation of 0.{12-95} between {crop} prices and rainfall.
Compute the median and the range of {1-9}, {10-19}, {20-29}, {30-39} and {40-60}.
# geometry
Find the area of a circle with radius {2-30}.
A rectangle is {3-12} by {13-25} metres. What is the length of its diagonal?
Prove that the angles of a triangle add up to 180 degrees.
# logic puzzles
All {anim}s are blue. Some blue things sing. Can we conclude that some {anim}s sing?
Three friends each own a different pet. Write a logic puzzle with four clues and solve it.
If yesterday was {weekday}, which day will it be in {10-99} days?
Arrange {name}, {name2} and {name3} by height given two clues of your own, then state the order.
# commonsense reasoning
What is likely to happen if a {thing} is left in the rain for a month?
Why would someone carry a {thing} to a [picnic|funeral|job interview]?
Which is heavier, a {thing} or a {thing2}? Explain your reasoning.
# cause and effect
Identify the cause and the effect: "{sentence} because of the storm."
List {3-6} long-term consequences of {history}.
Predict the effects of {society} on a small island nation.
# translation
Translate into {lang}: "{sentence}."
How would you say "{say}" in {lang}? Add a note on politeness.
Translate the proverb "Better late than never" into {lang} and explain any differences.
# grammar correction
Correct the grammar: "{name} and me was going to the {crop} market yesterday."
Rewrite in the passive voice: "{name} repaired the {thing}."
Change to the past perfect tense: "{sentence}."
Identify the parts of speech in: "{sentence}."
# rewriting
Rewrite the sentence in a [formal|playful|Shakespearean|neutral] tone: "{sentence}."
Paraphrase without using any word of the original: "{sentence}."
Simplify for language learners: the phenomenon of {science} necessitates careful observation.
Make this sentence more vivid: "{sentence}."
# sentiment
Classify the sentiment of this review as positive, negative or mixed: "{review}."
Rate the emotional intensity of "{review}" from 1 to 10 and justify it.
Rewrite the review so that its sentiment is reversed: "{review}."
# classification
Classify each of the following: {list}.
Which item does not belong with the others: {list}, {thing}?
Label the topic of this headline: "New study links {science} to {society}."
Is the following statement a fact or an opinion? "{place} is the most beautiful place on Earth."
# extraction
Extract all names and dates: "{name} met {name2} in {place} on {1-28} June {1950-2020}."
List the nouns in: "{sentence}."
Pull out the price and the product: "{name} sold the old {thing} for {12-400} euros."
Extract the keywords from an abstract on {science} and {tech}.
# formatting
Format as JSON: name {name}, age {18-80}, occupation {job}, city Lisbon.
Turn {list} into a numbered Markdown list.
Convert to CSV: {name} is {20-60} and {name2} is {20-60}.
Write an HTML table with {2-5} rows about {topic}.
# entailment and paraphrase
Does "{sentence}" imply that something changed? Answer yes, no or unclear.
Do these mean the same? "{name} sold the {thing}." and "The {thing} was sold by {name}."
Write a sentence that contradicts: "{sentence}."
# question generation
Write {3-8} multiple-choice questions about {topic}.
Create a quiz question about {person} with four options and mark the answer.
What five questions would a journalist ask an expert on {topic}?
# brainstorming
Brainstorm {5-15} ideas for a [school project|podcast|startup|documentary] about {topic}.
List {5-10} unusual uses for a {thing}.
Suggest {4-9} names for a company that works on {tech}.
Come up with a new holiday that celebrates {virtue}.
# planning
Plan a {2-5} day workshop on {topic} for {8-40} participants.
Create a weekly schedule for a {job} who studies {tech} in the evening.
Outline the steps for organizing a community event on {practice}.
# recommendations
Recommend {3-6} books for someone interested in {topic}.
Which {lang} films would help a learner, and why?
Suggest a healthy lunch for a {job} with little time.
# story writing
Write a short story about a {job} who finds a {thing} in {place}.
Write the opening paragraph of a mystery set during {history}.
Create a fable about a {animal} that teaches something about {virtue}.
Invent a myth that explains {science}.
# poetry
Write a haiku about {virtue}.
Compose a limerick about a {animal} and a {job}.
Write a {4-8}-line poem about {place} in free verse.
# dialogue and roleplay
Act as a {job} and answer a visitor's question about {thing}s.
Write a dialogue between {person} and {person2} about {virtue}.
Pretend you are a {animal} giving an interview about {society}.
You are a tour guide in {place}. Welcome a group of {job}s.
# marketing
Write a slogan for a {thing} made for {job}s.
Compose a product description for a smart {thing} in {30-80} words.
Draft a social media post that promotes a course on {practice}.
# e-mails and letters
Write a formal letter to a {job} requesting information about {practice}.
Draft a polite e-mail declining an invitation to a conference on {topic}.
Write a cover letter for a {job} who wants to work in {place}.
# speeches and debate
Write a one-minute speech on {virtue} for a graduation.
Argue against {society} from the point of view of a {job}.
Give the strongest argument for and against teaching {topic} in schools.
# ethics
Discuss an ethical dilemma that a {job} may face when using {tech}.
Is it ever right to give up {virtue} for the greater good? Give both views.
What are the ethical concerns around {science} research?
# advice
Give {3-7} tips for getting better at {practice}.
How can a {job} deal with stress before an important day?
What advice would {person} give to a young {job}?
# instructions
Write step-by-step instructions for repairing a {thing}.
Explain how to teach {practice} to complete beginners.
Write safety guidelines for {practice}.
# critique and evaluation
Evaluate the claim that {science} is more important than {tech} for society.
Point out the fallacy: "{name} is a {job}, so {name} must be right about {society}."
List the strengths and weaknesses of {tech} for a small company.
# analogies and metaphors
Complete the analogy: {job} is to {thing} as teacher is to what?
Invent a metaphor that explains {tech}.
Create an analogy between {science} and {practice}.
# word play
Find {3-8} synonyms and two antonyms for "{virtue}".
Write a riddle whose answer is "{thing}".
Make an acrostic from the word "{virtue}".
Use "{virtue}" and "{thing}" in one sentence.
# trend and data reading
Sales of {crop} were {10-40}, {41-70} and {71-99} tons in three years. Describe the trend.
Suggest a suitable chart for showing the spread of {tech} over {10-60} years and explain why.
Generate a small data set of {3-6} {job}s with age and salary.
# counterfactuals
What if {history} had never happened?
Imagine {person} had access to {tech}. What might have changed?
How would cities look if {society} had been introduced in {1800-1950}?
# interdisciplinary
Explain how {art} and {science} can inspire one another.
What does {practice} have in common with {tech}?
Design a lesson that links {history} with {society}.
"""

EXTRA = {
    "algo": "finding the shortest path; detecting a cycle; sorting names; compressing text; matching parentheses; "
            "finding duplicates; computing a checksum; balancing a tree; scheduling meetings; searching a maze",
    "anim": "wug, blick, dax, zorp, fep, tove",
    "weekday": "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday",
    "say": "Where is the nearest pharmacy?; I would like to pay, please; My luggage is missing; Have a safe journey; "
           "Could you speak more slowly?; What time do you open?",
}
