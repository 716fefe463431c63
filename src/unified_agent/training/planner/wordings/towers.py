# SPDX-License-Identifier: Apache-2.0
"""English wordings of whole towers. Slots: ``{a}`` is the top, ``{b}`` the middle, ``{c}`` the bottom."""

_BUILD = "[build|make|create|construct|form|erect|build me|make me|put together|give me]"
_TOWER = "[tower|stack|pile|column|three-high tower|tower of three|stack of three|three-block tower|high stack]"
_UPWARD = "[from the bottom up|from bottom to top|bottom to top|bottom up|starting at the bottom|from the ground up|from below|from the lowest to the highest|bottom first|upwards|from the base up]"
_DOWNWARD = "[from the top down|from top to bottom|top to bottom|top down|starting at the top|from above|from the highest to the lowest|top first|downwards|read from the top]"
_ON = "[on|on top of|over|above|atop|onto]"
_LOW = "[at the bottom|on the bottom|lowest|as the base|below|at the base|as the foundation|at the very bottom|down low|underneath]"
_MID = "[in the middle|in between|second|between them|as the middle|in the centre|halfway]"
_HIGH = "[on top|at the top|highest|uppermost|topmost|on the very top|as the top]"
_STACK = "[stack|pile up|pile|arrange|order|stack up|put]"
_THEM = "[all three|them|the objects|the three blocks|the blocks|all the cubes|everything|all of them|the three|all objects|the cubes|em]"

TOWERS = (
    _BUILD + " a " + _TOWER + " " + _UPWARD + "[:|,] {c}, {b}[, and|,| and|, then] {a}",
    _BUILD + " a " + _TOWER + " " + _DOWNWARD + "[:|,] {a}, {b}[, and|,| and|, then] {c}",
    _BUILD + " a " + _TOWER + "[:|,| with] {c} " + _LOW + ", {b} " + _MID + "[, and|,| and] {a} " + _HIGH,
    _BUILD + " a " + _TOWER + "[:|,| with] {a} " + _HIGH + ", {b} " + _MID + "[, and|,| and] {c} " + _LOW,
    _BUILD + " a " + _TOWER + "[:|,| with] {b} " + _MID + ", {a} " + _HIGH + "[, and|,| and] {c} " + _LOW,
    _BUILD + " a " + _TOWER + " with {c} " + _LOW + " and {a} " + _HIGH,
    _BUILD + " a " + _TOWER + " with {a} " + _HIGH + " and {c} " + _LOW,
    _STACK + " " + _THEM + "[,| with| so that you have|:] {c} " + _LOW + " and {a} " + _HIGH,
    _STACK + " " + _THEM + "[,| with|:] {a} " + _HIGH + " and {c} " + _LOW,
    _STACK + " " + _THEM + "[,| with|:] {a} " + _HIGH + " and {b} " + _MID,
    _STACK + " " + _THEM + "[,| with|:] {c} " + _LOW + " and {b} " + _MID,
    _STACK + " " + _THEM + "[,| with|:] {a} " + _HIGH + ", {b} " + _MID + "[, and|,] {c} " + _LOW,
    _STACK + " " + _THEM + "[,| with|:] {c} " + _LOW + ", {b} " + _MID + "[, and|,] {a} " + _HIGH,
    _STACK
    + " "
    + _THEM
    + "[,|:] {c} [first|lowest|at the bottom], [then {b}|{b} second|{b} next][,|, and] [then {a}|{a} third|{a} last|finally {a}]",
    _STACK + " " + _THEM + " " + _UPWARD + "[:|,| as] {c}, {b}, {a}",
    _STACK + " " + _THEM + " " + _DOWNWARD + "[:|,| as] {a}, {b}, {c}",
    "[stack|pile up|pile] {a}, {b} and {c} [in that order|] " + _DOWNWARD,
    "[stack|pile up|pile] {c}, {b} and {a} [in that order|] " + _UPWARD,
    "[stack|pile up] {c}[, then|; then] {b}[, then|; then|, and then|, and finally] {a}",
    _UPWARD + "[:|,|, I want|, put|, there should be] {c}, {b}[,|, and|, then] {a}",
    _DOWNWARD + "[:|,|, I want|, put|, there should be] {a}, {b}[,|, and|, then] {c}",
    "{a} " + _ON + " {b} " + _ON + " {c}",
    "{a} on {b} on {c}",
    "[stack|put|pile] {a} on {b} on {c}",
    "[put|place|] {b} "
    + _ON
    + " {c} [first|to begin with][.|,|;] [then|after that|afterwards|next|and then] [put|] {a} "
    + _ON
    + " {b}",
    "[put|stack|] {b} " + _ON + " {c} then [put|stack|] {a} " + _ON + " {b}",
    "{b} "
    + _ON
    + " {c}[, then|; then|, and then|. then|, next|, after that|, afterwards|, finally] {a} "
    + _ON
    + " {b}",
    "[first|] {b} " + _ON + " {c}[,|;|.] [then|next|after that|and only then|second] {a} " + _ON + " [it|that|top]",
    "[build|make|make me|build me] a [house|little house|hut|cottage][:|,| with] {c} [as|is|for|makes|will be] the [floor|ground floor|base|cellar|foundation], {b} [as|is|for|makes|will be] the [wall|walls|middle floor|living room][, and|,| and] {a} [as|is|for|makes|will be] the [roof|attic]",
    "{a} [is|makes|as|for] the [roof|chimney|attic], {b} [is|makes|as|for] the [wall|walls|first floor][, and|,| and] {c} [is|makes|as|for] the [floor|ground|cellar|foundation]",
    "[once|when|as soon as|after] {b} is [on|on top of|placed on|stacked on] {c}[,| then] [add|put|place|set] {a} [on top|on that|on it|on {b}|on top of it]",
    "[finally|at the end|last of all] [put|place|stack] {a} on {b}, but [begin by|start by|first by] [putting|placing|stacking] {b} on {c}",
    "[put|place|stack] {a} on {b}, [but|though] [only after|not before|only once] {b} [is on|has been put on|was placed on|has been stacked on] {c}",
    "[stack|arrange|pile] [them|the blocks|the cubes|things] so that {b} [holds|carries|supports] {a} and {c} [holds|carries|supports] {b}",
    "{c} [supports|holds up|carries|bears] {b} and {b} [supports|holds up|carries|bears] {a}",
    "{a} " + _ON + " {b}[,| and|; and|, and|;] {b} " + _ON + " {c}",
    "[stack|put|place|set] {a} " + _ON + " {b}[,| and|, and] {b} " + _ON + " {c}",
    "[stack|put|place|set] {b} " + _ON + " {c}[,| and|, and] {a} " + _ON + " {b}",
    "{b} " + _ON + " {c}[,| and|, and|;] {a} " + _ON + " {b}",
    "[I want|I'd like|I need|we need] {a} " + _ON + " {b} and {b} " + _ON + " {c}",
    "[put|place|stack] {a} on {b}, which [is|sits|stands|should be] on {c}",
    "{c} [supports|carries|holds|holds up|bears|is under] {b}[,| and|, and] {b} [supports|carries|holds|holds up|bears|is under] {a}",
    "[have|let] {c} [support|carry|hold|hold up] {b} and {b} [support|carry|hold|hold up] {a}",
    "[stack|arrange|order] [the cubes|them|things|the blocks] so that {b} [supports|carries|holds|holds up] {a} and {c} [supports|carries|holds|holds up] {b}",
    "{b} [sits|goes|is|should be|must be|belongs|comes|shall be] between {a} [above|on top|over it|at the top|higher up|(above)|(top)] and {c} [below|at the bottom|underneath|under it|lower down|(below)|(bottom)]",
    "{b} [sits|goes|is|should be|must be|belongs|comes] between {c} [below|at the bottom|underneath|(below)|(bottom)] and {a} [above|on top|at the top|(above)|(top)]",
    "[sandwich|put|squeeze|place] {b} between {a} [above|on top|(above)|(top)|at the top] and {c} [below|at the bottom|(below)|(bottom)|underneath]",
    "[sandwich|put|squeeze|place] {b} between {c} [below|at the bottom|(below)|(bottom)|underneath] and {a} [above|on top|(above)|(top)|at the top]",
    "[start|begin] with {c}[,| and|;] [put|place|stack|add|set] {b} on [it|that|top of it|top][,| and|, and|;] [then|finally|lastly|] [put|place|stack|add|] {a} on [that|top|top of that|the very top|it]",
    "[start|begin] with {c}, [then|next|continue with|then comes] {b}, [then|finally|and finish with|and end with|lastly] {a}",
    "[first|first of all,|to begin with,] {c}[,| at the bottom,] [then|next] {b}[,| on it,] [then|finally|and last|and on top|lastly] {a}",
    "use {c} as the [base|foundation|bottom|first floor|ground floor], [then|] [add|put|stack|place] {b}[,| and] [then|] [add|put|stack|place|] {a} [last|on top|at the end|to finish]",
    "[bottom|base|level 1|lowest|ground floor|1]: {c}[,|;|.] [middle|level 2|then|second|first floor|2]: {b}[,|;|.] [top|level 3|highest|second floor|3]: {a}",
    "[top|highest|uppermost|roof]: {a}[,|;|.] [middle|then|second|centre]: {b}[,|;|.] [bottom|base|lowest|floor]: {c}",
    "{a} [at the top|on top|up top|as the roof|is the top], {b} [in the middle|below it|under it|next|underneath it|is the middle], {c} [at the bottom|below that|as the floor|last|at the very bottom|is the bottom]",
    "{c} [at the bottom|as the floor|first|is the bottom], {b} [in the middle|on it|next|on that|is the middle], {a} [on top|on that|last|as the roof|is the top]",
    "{a} [should|must|is to|has to|shall] be [the highest|highest|on top|at the top|uppermost] and {c} [the lowest|lowest|at the bottom|at the base] [of the three|in the tower|of the stack|]",
    "{c} [should|must|is to|has to] be [the lowest|lowest|at the bottom] and {a} [the highest|highest|on top|at the top|uppermost] [of the three|in the tower|]",
    "[the order|order|the tower|the stack|the pile][, " + _UPWARD + ", is|" + " " + _UPWARD + " is] {c}, {b}, {a}",
    "[the order|order|the tower|the stack|the pile][, "
    + _DOWNWARD
    + ", is| "
    + _DOWNWARD
    + " is| "
    + _DOWNWARD
    + " should be] {a}, {b}, {c}",
    _BUILD
    + " a [three-storey|three-story|3-level|three-level] [house|building|tower]: [ground floor|bottom|first level] {c}, [middle|next|first floor|second level] {b}, [top|roof|second floor|third level] {a}",
    "[put|place|stack|set] {b} under {a} and {c} under {b}",
    "[put|place|set] {c} under {b} and {b} under {a}",
    "{c} under {b}[,| and] {b} under {a}",
    _BUILD + " a " + _TOWER + " of {a}, {b} and {c}",
    "[a|] {a}, {b}, {c} [tower|stack]",
)
OPEN_TOWERS = (
    "[stack|pile up|pile|stack up] [all|] [the|] three [objects|blocks|cubes|of them|boxes|things|]",
    "[stack|pile up|stack up] [all of them|everything|all the blocks|all objects|all the cubes|them all|all]",
    "[build|make|create|construct|form|erect|build me|make me] a [tower|stack|pile|column] [of|out of|from|with|using] [all|the|all the|all three|the three|these three] [objects|blocks|cubes|boxes|bricks]",
    "[build|make|create|construct|build me] a [tower|stack|three-block tower|tower of three|tower of all three|three-high stack]",
    "[put|stack|pile|place] [all three|all of them|the three blocks|all objects|the blocks|them all|them] on top of [each other|one another]",
    "[I want|I'd like|we need] [a tower|a stack|one tower|a single stack] [of all three|of all the blocks|with all three objects|with every block]",
    "make one [tower|stack|pile] [of everything|with all blocks|out of them all]",
)
OPEN_BOTTOM = (
    _STACK + " [all three|them all|the three blocks|all the cubes|everything][,| with] {c} " + _LOW,
    _BUILD + " a " + _TOWER + " [of all three|with all three blocks|] with {c} " + _LOW,
    _BUILD + " a [tower of all three|three-high tower|tower of three|stack of all three] on [top of|] {c}",
    "stack the other two on [top of|] {c}",
)
OPEN_TOP = (
    _STACK + " [all three|them all|the three blocks|all the cubes|everything][,| with] {a} " + _HIGH,
    _BUILD + " a " + _TOWER + " [of all three|with all three blocks|] with {a} " + _HIGH,
)
APART = (
    "[unstack|take down|pull down|dismantle] [everything|all|all of them|all the blocks|the tower|the stack|the whole tower|every block]",
    "[take|pull] the [tower|stack|whole tower|pile|whole stack] apart",
    "[put|place|set|lay] [everything|all the blocks|every block|all three|all objects|all of them|each block|all three objects] [down|] on the table",
    "[clear|take apart|dissolve|undo|disassemble] the [stack|tower|pile]",
    "[everything|every block|all three|all blocks] [goes|should be|must be|belongs|should lie] on the table",
    "[I want|I'd like] [everything|all the blocks|all three|every object] [on|to lie on|lying on] the table",
)
