"""Coding in Python: half-pasted errors, small asks, and the long tail of libraries."""

from field import major

PYTHON = major("python", {
    "error": "KeyError; IndexError; AttributeError: 'NoneType' object has no attribute; RecursionError; "
             "UnicodeDecodeError;"
             "ModuleNotFoundError; TypeError: unhashable type: 'list'; ValueError; ZeroDivisionError; ImportError",
    "lib": "pandas, requests, numpy, flask, asyncio, sqlalchemy, pytest, pydantic, matplotlib, click, django, fastapi",
    "col": "price, user_id, created_at, country, score, email, quantity",
    "obj": "list of dicts, nested dictionary, csv file, generator, dataframe, set of tuples, json response, text file",
    "func": "parse_date, load_config, merge_rows, send_report, retry, get_user, clean_name, main",
    "thing": "prime numbers, word counts, file sizes, duplicate rows, missing dates, anagrams, fibonacci numbers, iban "
             "numbers",
    "cls": "Account, Node, Parser, Cart, Sensor, Player, Invoice",
    "job": "renames photos by date, checks a website every hour, sorts my downloads folder, scrapes a weather table, "
           "merges pdf files, reads a temperature sensor, backs up a folder, sends me a mail when a price drops",
    "ver": "3.8, 3.9, 3.11, 3.12, 2.7",
    "ide": "vs code, pycharm, a jupyter notebook, vim, the terminal, idle, colab",
    "struct": "dataclass, namedtuple, plain dict, enum, typed dict, regular class",
}, """
# small functions
write a function that returns the {2-9} largest numbers of a list
> now without using sorted
> add type hints and a docstring
need a python function that checks if two strings are anagrams, ignoring spaces and case
function to flatten a {obj} of any depth
> iterative version please, mine hits the recursion limit
can you write {func}(text) so it handles both 2024-01-05 and 05.01.2024?
# errors
why do i get {error} here when the {obj} is clearly not empty?
> ok but it only happens on the second call
> here is the full traceback, it points to line {~12-240}
{error} in {func}, what does that even mean?
my script stops with {error} after about {2-9} hundred rows, how do i find the bad one
getting {error} only inside docker, works on my machine
# explain
what does the asterisk do in {func}(*args, **kwargs)?
explain decorators with something simpler than a timer
> so the inner function keeps the variable alive?
what's the difference between is and == for small integers?
i read that python passes by object reference. what does that mean for my {obj}?
# pandas
how do i group by {col} and keep the row with the highest {col2}?
> it drops the index, how do i keep it
> same but per month
merge two dataframes on {col} when one has trailing spaces
pandas says SettingWithCopyWarning when i assign to {col}, should i care?
fill missing {col} with the previous value per {col2}
# files
read a {3-40} gb csv without running out of memory?
> chunks of what size would you use
how can i walk through all subfolders and list {thing}?
open a file that is sometimes utf-8 and sometimes latin-1
what is the right way to build paths, os.path or pathlib?
# web
requests returns 403 but the page opens fine in my browser
> i already set the user agent
how do i post a json body with a bearer token using {lib}?
simplest possible {lib} app with one route that returns the time
> how do i run that on port 8080
# async
why is my asyncio code not faster than the loop i had before?
> so i have to use aiohttp instead?
when should i use threads and when processes in python?
await outside async function error in {ide}, what do i do
# testing
how do i mock datetime.now in pytest?
write three unit tests for a function that validates {thing}
> one for the empty input too
how do i test that {func} raises {error}
# classes
should {cls} be a {struct} or a {struct2}?
> it has about twelve fields and one method
what is the point of __repr__ if i have __str__?
make a {cls} class with equality based on id only
how do abstract base classes work, and do i need one for {cls}?
# environments
pip installs {lib} but import says it isn't there
> which python gives /usr/bin/python3, is that the problem
how do i make a virtual environment in {ver} on windows?
what's the difference between pip, pipx, poetry and uv?
can i pin {lib} to an older version only for one project?
# scripts
i want a script that {job}, where do i start?
> i'd rather not install anything besides python
> it should run each morning at six
write a short program that {job}
make this loop print a progress bar without extra packages
# performance
how can i speed up a double loop over two lists of {20-90} thousand items?
> yes the order matters
is appending to a list in a loop slower than a comprehension, really?
profile tells me most time goes to {func}, now what?
# regex
regex for a german phone number with optional country code?
> it also matches dates, can you make it stricter
how to get everything between the first pair of brackets with re
why does my regex eat the whole line instead of the first match
# dates
convert a unix timestamp in milliseconds to local time
how many working days between two dates in plain python?
> excluding public holidays in austria
timezone aware vs naive, i keep getting cannot compare
# plotting
matplotlib: rotate the x labels and stop them being cut off
how do i plot {col} against {col2} with one colour per group?
> legend outside the plot please
histogram with a log scale, bins look weird
# type hints
how would you annotate a function that takes a callback?
mypy complains about Optional in {func} but i check for None above
> can i just ignore that one line
# data structures
fastest way to look up {thing} in a {obj}?
when would anyone use a deque instead of a list
sort a {obj} by {col} descending, then by {col2} ascending
invert a dictionary whose values are lists
# command line
parse arguments with argparse where --{col} and --file exclude each other
how do i make my script installable as a command?
> and with an entry point in pyproject.toml?
# database
insert {2-60} thousand rows into sqlite quickly from a {obj}
> should i commit after every row?
sqlalchemy session closed error when i access {cls}.items later
safe way to pass {col} into a query, someone said injection
# review
is there anything unpythonic about using range(len(x)) everywhere?
refactor: three nested ifs that all return False
my colleague says global variables in {func} are bad, how else do i share state?
could you review my idea: cache results of {func} in a module level dict
# packaging
ModuleNotFoundError when i run a file inside my package, but not from the root
what goes in __init__.py these days?
how to publish a small {lib} plugin to pypi
# numpy
broadcasting shapes ({2-9}, 1) and ({3-8},) gives a matrix i didn't expect
how do i replace negative values in a numpy array without looping?
difference between reshape and resize in numpy
# generators
what does yield from do?
turn this reading loop into a generator so that it doesn't hold everything in memory
my generator is empty the second time i loop over it
# notebooks
jupyter kernel dies when i load the {obj}
how can i reload a module in {ide} without restarting
# learning
i know java, what will annoy me most about python?
good first project after the basics, something with {lib} maybe
is python {ver} still ok to learn on?
> my course uses it, i can't change that
how long until i'm able to write a script that {job}?
# strings
f-string: pad {col} to {6-20} characters and two decimals
strip accents from names so that sorting works
split on commas but not the ones inside quotes
# logging
print works but logging.info shows nothing in {ide}
log to a file and the console at the same time, different levels
""", """
using {ver} here
i can't use {lib} for this one
it's homework so i need to understand it
this runs in {ide}
i'm new to python
it has to work on windows too
i come from javascript
no type hints please
it runs on a small server
the code isn't mine
speed doesn't matter here
we use {lib} at work
""", """
could that be a single line?
same error, sorry
now add a {struct} for the result
why did you use {lib} there?
that works but it's slow for big input
could you rename it to {func} and keep the arguments
what if the {obj} is empty?
add a comment per step so i can follow
please show only the changed lines
does that also work in {ver}?
it prints None at the end, why
can we avoid the import?
ah i forgot the return, my bad
how would i unit test that?
now it says {error}
""")
