"""Subjects of a distiller's list, by kind, so that a task meets a subject it makes sense for."""

SUBJECTS = {
    "science": "photosynthesis, plate tectonics, antibiotic resistance, superconductivity, natural selection, entropy, "
               "nuclear fusion, the water cycle, gene editing, ocean acidification, magnetism, radioactive decay, "
               "osmosis,"
               "the greenhouse effect, dark matter, neurotransmitters, enzyme kinetics, the Doppler effect, volcanic "
               "eruptions,"
               "immune memory, stem cells, semiconductors, the carbon cycle, chaos theory, bioluminescence, tidal "
               "forces,"
               "the periodic table, cell division, sound waves, gravitational lensing, catalysis, symbiosis, fossil "
               "formation,"
               "quantum tunnelling, metabolism, aerodynamics, crystal growth, pollination, optical fibres, glaciers",
    "history": "the French Revolution, the Silk Road, the fall of Constantinople, the Meiji Restoration, the Industrial"
               "Revolution, the Congress of Vienna, the abolition of slavery, the Space Race, the Hanseatic League, "
               "the Great Depression, the Treaty of Westphalia, the Inca Empire, the Suez Crisis, the Reformation, "
               "the Partition of India, the Spanish Armada, the Crusades, the Berlin Airlift, the Mongol Empire, "
               "the Irish Famine, the Peloponnesian War, the Boxer Rebellion, decolonisation in Africa, the Marshall "
               "Plan,"
               "the Magna Carta, the Renaissance in Florence, the Cuban Missile Crisis, the Punic Wars",
    "society": "universal basic income, the separation of powers, monopoly pricing, consumer protection law, inflation "
               "targeting, freedom of the press, intellectual property, carbon taxes, urbanisation, trade deficits, "
               "patent law, collective bargaining, public transport funding, juvenile justice, data privacy, "
               "microfinance,"
               "constitutional monarchy, progressive taxation, open borders, compulsory voting, gentrification, "
               "antitrust law,"
               "child labour, the gig economy, pension reform, game theory, opportunity cost, contract law, census "
               "taking",
    "art": "cubism, Gothic architecture, haiku, the sonata form, film noir, stained glass, Greek tragedy, magic "
           "realism,"
           "jazz improvisation, the sonnet, Bauhaus design, shadow puppetry, opera, impressionism, street art, "
           "calligraphy,"
           "flamenco, the epistolary novel, documentary film, ceramics, ballet, science fiction, satire, folk music, "
           "mosaics",
    "tech": "hash tables, TCP congestion control, public key encryption, database indexing, garbage collection, "
            "load balancing, version control, neural networks, virtual memory, compilers, recursion, blockchain, "
            "dynamic programming, REST interfaces, unit testing, binary search, operating system scheduling, cloud "
            "storage,"
            "3D printing, RFID tags, lithium batteries, wind turbines, autonomous vehicles, GPS, touch screens, "
            "robotics,"
            "continuous integration, speech recognition, error correcting codes, barcode scanners, message queues, "
            "caching",
    "practice": "time management, conflict resolution, beekeeping, public speaking, first aid, home composting, "
                "classroom management, salary negotiation, volunteer recruitment, mountain rescue, remote teamwork, "
                "crop rotation, restaurant hygiene, fire safety, bicycle maintenance, customer onboarding, note taking,"
                "fundraising, archery, elderly care, event planning, stock keeping, quality control, scuba diving, "
                "podcast production, meditation, wedding photography, chess openings, sourdough baking, rock climbing",
    "sport": "marathon running, fencing, rowing, the Olympic decathlon, sumo wrestling, curling, figure skating, polo, "
             "table tennis, water polo, orienteering, gymnastics, Formula One, cricket, ski jumping, badminton",
    "animal": "octopus, honey bee, emperor penguin, bat, salmon, axolotl, elephant, spider, albatross, wolf, seahorse, "
              "chameleon, beaver, owl, dolphin, ant, cheetah, tortoise, jellyfish, hummingbird",
    "place": "Madagascar, Switzerland, the Atacama Desert, Venice, Singapore, Antarctica, Mongolia, the Great Barrier "
             "Reef,"
             "Bolivia, Cairo, the Himalayas, Iceland, Mumbai, the Panama Canal, Finland, Jamaica, Vienna, Nairobi",
    "person": "Marie Curie, Ibn Sina, Ada Lovelace, Simon Bolivar, Confucius, Frida Kahlo, Isaac Newton, Nelson "
              "Mandela,"
              "Jane Austen, Galileo, Hypatia, Johann Sebastian Bach, Florence Nightingale, Alan Turing, Rumi, Amelia "
              "Earhart",
    "job": "pharmacist, lighthouse keeper, judge, air traffic controller, midwife, archaeologist, tailor, firefighter, "
           "sommelier, librarian, astronaut, detective, ship captain, beekeeper, diplomat, carpenter, museum guide, "
           "coach",
    "thing": "umbrella, bicycle, paper clip, candle, suitcase, telescope, alarm clock, violin, teapot, ladder, compass,"
             "notebook, mirror, wheelbarrow, lantern, backpack, spoon, kite, hammock, calculator",
    "virtue": "honesty, curiosity, patience, courage, friendship, failure, freedom, memory, solitude, ambition, "
              "gratitude",
    "lang": "French, Spanish, German, Italian, Portuguese, Dutch, Swedish, Latin, Polish, Turkish",
    "code": "Python, JavaScript, Java, C++, Rust, Go, SQL, Ruby, Haskell, Bash, Kotlin, C",
    "name": "Amara, Viktor, Lucia, Kenji, Fatima, Oscar, Priya, Mateo, Ingrid, Samuel",
    "sentence": "The committee has postponed its decision until autumn; She forgot her keys on the kitchen table; "
                "The old bridge was closed after the flood; Nobody expected the small team to win; "
                "Fresh bread smells best early in the morning; The train to the coast leaves at noon; "
                "Our neighbours painted their fence bright yellow; He apologised for the long delay; "
                "The museum opens a new wing next month; Heavy snow blocked the mountain pass; "
                "The scientist repeated the experiment three times; My sister plays the cello beautifully",
    "review": "The battery died after two days; Wonderful staff and a spotless room; The plot dragged but the music "
              "was "
              "fine;"
              "I would buy this lamp again; Cold soup and rude waiters; It does what it says, nothing more; "
              "Best headphones I have ever owned; The zip broke within a week; A charming little theatre",
    "list": "copper, oak, silk, granite; trumpet, drum, violin, flute; Oslo, Lima, Cairo, Seoul; rose, wheat, fern, "
            "cactus;"
            "euro, yen, rupee, franc; otter, eagle, trout, gecko; circle, cube, cone, square; tea, milk, cola, juice",
    "crop": "grapes, coffee, cotton, rice, tulips, wool, cocoa, wheat",
}
