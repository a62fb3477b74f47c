"""What officers read and take away as text: the chronology of an incident, the hand-over sheet, what changed between
two texts; as lines, CSV and Markdown.

Pure, over the desk's answers as JSON, so that the command line and the screens say the same. Sentences come from the
catalogue through the `Say` that is handed in, in whichever language its reader has.
"""
