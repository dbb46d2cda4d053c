"""What people say in any field: thanks, corrections, wishes about the form, doubts. One line is one frame."""

from field import lines

CHATTER = lines("""
[ok|okay|alright|right], [thanks|thank you|cheers], that [helps|helped|makes sense|was quick]
[thanks|thank you] [so much|a lot|very much], [you saved me|that's all i needed|have a nice [day|evening|weekend]]
[great|perfect|brilliant|super], [exactly what i wanted|that did it|just what i was after|i'll try that]
[shorter|a bit shorter|much shorter], please[, two lines at most|, i'm on my phone| if you can]
[can|could] you [say|explain|put] that [again|once more] in [simpler words|one sentence|plain English|other words]?
no, [i meant|i was asking about|i'm talking about] the [first|second|third|last|other] [one|option|thing you said]
[give|show] me [an|another|one more|a better] example[ please| of that| with numbers]
[are you sure|is that really true|really]? [i read|i heard|someone told me|my brother says] the opposite
[hmm|hm|well], [that's not what i asked|not quite|you misunderstood me|that's too general]
[what|which] [do|would] you [recommend|suggest|pick] [then|in the end|if you had to choose]?
[tell me more|say more|go deeper] about [the second point|that last part|number {2-5}|point one]
[and|but] [why|why is that|how come] [exactly|though|then]?
[list|write|give me] [that|it] as [bullet points|a table|steps|a checklist][ please|]
[go on|continue|keep going][, i'm listening| please|, you stopped in the middle]
[one|a] [last|quick|small|different] question[, then i'm done|, unrelated|]
[sorry|oops|ah sorry], [wrong window|i pressed enter too early|typo, you know what i mean|forget that last message]
[i tried|i did|already tried] that[ yesterday| twice| and it didn't help|, no luck|, same result]
[how|where] do you know [that|this|all that]?
[what's|what is] the [downside|catch|risk|easiest way][ with that| there| of doing that]?
[can|could] you [translate|repeat|sum up] [that|all of this] [for my mother|in three lines|for a beginner]?
[oh|ah|aha], [i see|i didn't know that|now i get it|makes sense now]
[never mind|forget it], [i found it|i figured it out|solved it myself|i'll ask someone here]
[let's|can we] [go back to|start over from|return to] [my first question|the beginning|what you said before]
[wait|hang on|hold on], [you said something else before|earlier it was {2-9}|which one do you mean]
[is there|isn't there] [an easier|a cheaper|a quicker|another] way[ to do it|]?
[longer|more detail], [please|that was too short|i have time]
[that's|this is] [wrong|not right|outdated], [look again|check it|try again]
[do|would] i need [anything|something] else for [that|this]?
[lol|haha], [ok|good one|fair enough|i deserved that]
[good|that's a good] [point|idea|question back], [i hadn't thought of that|let me think|thanks]
[number|option] {1-6}[ please| sounds right|, tell me how| was the best]
[what|how] [about|if] the opposite?
[yes|yeah|yep], [that one|do it like that|do that|go ahead][, thanks|]
[no|nope], [not that|neither|none of those|something else][ please|, sorry|]
[i don't|don't really] [understand|get] the [last|first|middle] [part|bit|sentence]
[will|can] you remember [this|that] [next time|tomorrow|for later]?
you [already said that|repeat yourself|forgot half of my question|are very patient]
[i'll|i will] [be back|come back|write again] [tomorrow|later|when it's done][, thanks so far|]
[is|was] that [a joke|serious|your opinion or a fact]?
[where|who] [can|could] i [ask|call|read more][ about this| about it| instead]?
how [sure|certain] are you[, in percent|, honestly| about that]?
[copy|save|keep] that, we'll need it [later|again|in a minute]
[in|with] [metric|euros|normal words|British spelling] please
[my|the] [wife|boss|son|colleague] [says|thinks] that's [nonsense|too complicated|clever]
[just|only] [the answer|yes or no|the result], no [explanation|story|intro]
""")

BEFORE = lines("""
hi,
hello,
hey,
good morning,
good evening,
quick question:
hi there,
silly question maybe, but
sorry to bother you,
hello again,
so,
ok so
um,
please help,
""")

AGAIN = lines("""
also,
and another thing:
next question:
something else,
while you're at it,
ok, and
one more:
oh and
by the way,
different topic:
""")

AFTER = lines("""
[thanks|thank you|thx] in advance
please
any ideas?
thanks!
[please help|help]
thank you!
what do you think?
i'm a bit lost here
""")
