# SPDX-License-Identifier: Apache-2.0
"""English wordings of single moves: what is asked for, in the notation of ``grammar``.

Slots: ``{x}`` is moved, ``{y}`` is what it ends up on, ``{z}`` is the object that plays no part.
"""

PUT = (
    "[put|put|place|place|set|stack|stack|lay|drop|move|rest|pile|position|balance|stick|pop|mount|bring|shift|get|deposit|"
    "perch|transfer|sit|stand|lower|plop|arrange|carry|park|add]"
)
ON = "[on|on|on|on top of|on top of|onto|onto|atop|over|above|upon|on to|to the top of]"
UNDER = "[under|under|below|beneath|underneath|directly below|directly under|right beneath]"
MUST = "[should|must|has to|needs to|ought to|shall|is supposed to|is to|had better|is meant to]"
TAKE = "[pick up|pick up|grab|grab|lift|lift up|take|get|hold|grasp|raise|seize|fetch|get hold of|collect|snatch|hoist|grip]"
DOWN = "[on the table|on the table|on the table|onto the table|on the tabletop|down on the table|onto the table top|on the table surface]"

HOLD = (
    TAKE + " {x}",
    TAKE + " {x}",
    TAKE + " {x}",
    "[pick|lift|hold|take|raise] {x} up",
    "[catch|clutch|clasp|clench|hoist up|keep hold of|take hold of|lay hold of|close the gripper on|close your fingers around|grab hold of|squeeze] {x}",
    "[take|hold|get|have|keep] {x} in [your|the] [gripper|hand|fingers|claw|grip]",
    "[lift|raise|hold|hoist] {x} [in|into|up into|up in] the air",
    "[hold|grab|lift] [on to|onto|hold of|up] {x}",
    "[lift|raise|get] {x} [off the table|off the ground|from the table|off the surface]",
    "[have|make|let] the [robot|arm|gripper] [grasp|hold|lift|grab|pick up] {x}",
    "{x}: [pick it up|grab it|grasp it|lift it|hold it|take it]",
)
STACK = (
    PUT + " {x} " + ON + " {y}",
    PUT + " {x} " + ON + " {y}",
    PUT + " {x} " + ON + " {y}",
    PUT + " {x} " + ON + " {y}",
    "[put|place|get|set|move|slide|have|position|bring|tuck] {y} " + UNDER + " {x}",
    TAKE + " {x} and [then|] " + PUT + " it " + ON + " {y}",
    TAKE + " {x}[,|;| and] [then|next|after that|afterwards] " + PUT + " it " + ON + " {y}",
    "[on|on top of|atop|onto|upon] {y}[,|] " + PUT + " {x}",
    "[have|let] {x} [sit|rest|stand|lie|be|go|stay|balance] [on|on top of|atop|upon] {y}",
    "[have|let|make] {y} [support|carry|hold up|bear|hold|be under|be below|be beneath|go under|be the base of|be the support for] {x}",
    "[use|take] {y} as [the|a] [base|foundation|support|platform|pedestal|stand] [for|of|under] {x}",
    "make [it so that|sure|sure that|it so] {x} [is|rests|sits|stands|ends up|lies] [on|on top of|atop] {y}",
    "make [it so that|sure|sure that|it so] {y} [is|is right|ends up|sits|lies] " + UNDER + " {x}",
    "[arrange it|arrange things|see to it|ensure|fix it|organise things] [so that|so|that] {x} [is|rests|sits] [on|on top of|above] {y}",
    "[build|make|form|create] a [tower|stack|pile|little tower|two-high tower|two-block stack] [with|where|of two:] {x} [on|on top of|above|over] {y}",
    "[build|make|create] a [tower|stack|pile|two-high pile|little tower|stack of two][:|,| with] {y} [below|at the bottom|underneath|as the base|first|on the bottom][,| and|, and] {x} "
    "[above|on top|on it|at the top|on the top|as the top]",
    "[build|make] a [tower|stack|pile|little tower|stack of two][:|,| with] {x} [at the top|on top|as the top|uppermost|above][ and|,] {y} [at the bottom|below|underneath|as the base]",
    "[pile|stack] [up|] {x} and {y} [with {x} [on top|uppermost|being the upper one]|so that {x} is [on top|higher|uppermost]]",
    "[stack|pile up] {x} and {y} with {y} [at the bottom|below|underneath|as the lower one|down below]",
    "[stack|pile] {y} and {x}, {x} on top",
    "[cover|top|crown|cap] {y} with {x}",
)
STACK_WISHES = (
    "{x} " + MUST + " [be|sit|rest|stand|lie|end up|go|stay|come to rest] [on|on top of|atop|above|over|upon] {y}",
    "{y} " + MUST + " [be|sit|lie|go|end up|come] " + UNDER + " {x}",
    "{y} " + MUST + " [support|carry|hold up|bear|hold] {x}",
    "{x} [on|on top of|above|over|atop] {y}",
    "{x} [goes|belongs|sits|rests|is going|comes] [on|on top of|above|onto|atop] {y}",
    "{y} [goes|belongs|comes|is going] " + UNDER + " {x}",
    "{y} " + UNDER + " {x}",
    "{x} [is|shall be|will be] resting on {y}",
    "{y} [at the bottom|below|as the base|as base|first|underneath][,| and|;| and then] {x} [on it|on top|above|over it|on top of it|at the top]",
    "{x} [on top|at the top|up top][,| and] {y} [below|at the bottom|underneath|as the base]",
    "[I want|I'd like|I would like|I need|we need|I wish for|I prefer] {x} [on|on top of|atop|over|above|to be on|to sit on|to go on|to rest on|sitting on|resting on|standing on|to end up on|to stand on] {y}",
    "[I want|I'd like|I would like|I need|we want] {y} [to support|to carry|to hold up|to hold|to be under|to be below|to bear|underneath|under|below|beneath] {x}",
    "on top of {y} [I want|I'd like|there should be|I need|we need|goes|place] {x}",
    "{x} -> [on|on top of|onto] {y}",
    "[top|upper][:| is|=] {x}[,|;] [bottom|lower|base][:| is|=] {y}",
    "[bottom|base|lower][:| is|=] {y}[,|;] [top|upper][:| is|=] {x}",
    "{y} [needs|wants|gets|is missing] [something on it|a block on it|a hat|a top|something on top][:|,| -] [use|take|make it|namely] {x}",
    "[nothing but|only] {x} [should|must|may] be on {y}",
    "I [want|need] to see {x} [standing|sitting|resting|lying|placed] [on|on top of|atop] {y}",
)
TABLE = (
    "[put|place|set|lay|move|drop|rest|get|leave|bring|lower|deposit|return|transfer|stick|pop] {x} [down|back|] "
    + DOWN,
    "[put|place|set|lay|move|drop|rest|get|leave|bring|lower|deposit|return] {x} " + DOWN,
    "[put|set|lay] [down {x}|{x} down]",
    "[put|set|lay] {x} [down|aside|away] [on|onto] the table",
    TAKE + " {x} and [then|] [put|place|set|lay|leave|drop] it [down|back|back down|] " + DOWN,
    "[take|get|remove|lift|bring|move|pull|pick] {x} [off|off of|down from|away from|from|from the top of|off the top of] {y}",
    "[take|get|remove|lift|move] {x} [off|down from|away from|from] {y} and [put|set|place|leave|lay] it " + DOWN,
    "[unstack|unpile|unload|remove|dismount] {x}",
    "[unstack|unload|remove] {x} from [the top of|] {y}",
    "[take|get|bring|move] {x} [down from there|off the stack|off the tower|off the pile|down|down from the stack|from the tower to the table|from the stack onto the table]",
    "[clear|move] {x} [away|out of the way|off] onto the table",
    "[have|let] {x} [lie|be|rest|sit|stand] on the table",
    "make [sure|it so that|sure that] {x} [is|lies|ends up|rests|sits] [directly|] on the table",
    "on the table[,|] [put|place|set] {x}",
)
TABLE_WISHES = (
    "{x} " + MUST + " [be|lie|sit|rest|go|end up] [directly|flat|] " + "[on|on|back on] the table",
    "{x} [goes|belongs|comes] [on|onto|back on] the table",
    "[I want|I'd like|I need|we need] {x} [on|down on|back on|directly on|to be on|to lie on|lying on] the table[|, not on anything else|, not on another block]",
    "{x} on the table",
    "{x} " + MUST + " [come down from|come off|get off|be taken off] {y}",
    "{x} [should|must|may] not [be|stay|remain|sit|stand] on {y} [any longer|any more|anymore|], put it on the table",
)
HOLD_WISHES = (
    "[I want|I'd like|I need|we want] [you|the robot|the arm|the gripper] to [hold|grasp|grab|lift|pick up|get hold of|take|raise] {x}",
    "{x} " + MUST + " be [held|in your hand|in the gripper|grasped|lifted|picked up|in the air|between your fingers]",
    "[I want|I'd like|I need] {x} [in your hand|in the gripper|in the air|lifted|picked up|held up|off the table]",
    "[the robot|you|the arm|the gripper] [should|must|shall] [hold|grasp|be holding|grab|pick up|lift|take] {x}",
)
AND_IT = (
    "[put|place|set|stack|rest|lay|drop|move] it " + ON + " {y}",
    "[put|place|stack] [that|that one|this] [on|onto|on top of] {y}",
    "[let|have] it [sit|rest|stand] on {y}",
)
AND_IT_DOWN = (
    "[put|place|set|lay|drop|leave] it [back|down|back down|] [on|onto] the table",
    "[put|set|lay] it [down|back|back down|down again|aside on the table]",
    "[take|get|lift] it [off again|back off|down again|off], onto the table",
    "return it to the table",
)
AND_IT_OVER = (
    "[move|shift|transfer|bring|carry|put] it [over|across|from there|] [to|onto|on|on top of|over onto] {y}",
    "[take|lift] it [off again|off|from there] and [put|place|set|stack] it [on|onto|on top of] {y}",
)
ON_THAT = (
    "[put|place|set|stack|rest|lay|drop|add|balance] {x} on [top of|] [it|that|that one|them|those|this|the pile|the stack]",
    "[put|place|set|stack|add|lay] {x} on [top|the very top|the top]",
    "[finish|end|top it off|top it] with {x} [on top|on the very top|]",
    "[add|put] {x} [on top|as the top|last]",
    "{x} [goes|comes|sits] on [top|top of that|that|it|top of it|the very top]",
    "[cap|crown|top] it with {x}",
    "on [that|it|top of that|top of it] [put|place|set] {x}",
)
IS_ON = (
    "{x} is on [top of|] {y}",
    "{x} [sits|rests|stands|lies] on [top of|] {y}",
    "{y} [supports|carries|holds up|is under|is below] {x}",
)
DOING = "[putting|placing|stacking|setting] {x} [on|onto|on top of] {y}"
LEAVE = (
    "[don't|do not|never|please don't] [touch|move|use|grab|lift|disturb|pick up] {z}",
    "leave {z} [alone|where it is|in peace|as it is|untouched|out of it]",
    "{z} [stays|should stay|must stay|is to stay] [where it is|put|out of this|there]",
    "[ignore|forget about|keep away from|stay away from|never mind] {z}",
    "without [touching|moving|using|disturbing] {z}",
    "{z} is [not needed|not part of this|to be left alone]",
)
REST = (
    "the remaining [one|block|object|cube]",
    "the last [one|block|cube|object]",
    "the [third|other] [one|block|cube|object]",
    "whatever is left",
    "the one that is left",
    "the [block|object|cube|one] [that is left over|that's left|not used yet|that remains|not yet used]",
    "what's left",
)
