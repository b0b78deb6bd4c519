"""An index on a Chroma server, for readers and writers on any number of machines.

On the server, in a database of its own:

    threadbot-lease-000031          the writers' turns: only who creates the next one may write
    threadbot-generation-000012     the publications: the highest number answers; its metadata names the
                                    rows of its envelope
    threadbot-envelopes             the envelopes, in pieces: manifest, exclusions, which rows are alive
    threadbot-comments-000030       one JSON document per comment, id `COMMENT@TAG`
    threadbot-passages-000030       one vector per passage, id `COMMENT:LANGUAGE:NUMBER@TAG`

Creating a collection of a name that is taken fails, whoever tries at the same time; that is the one
atomic step of a Chroma server that everything else here is made of. A generation is published by
creating its collection, so its number cannot be published twice.

Rows are never changed. A tag is the number of the turn that wrote a row, and an envelope gives the one
tag of each thread whose rows are alive. So what is being written is seen by nobody, and a killed writer
leaves rows that nobody sees; whoever publishes next removes them. What a generation no longer has is
removed right after the next one is published: a reader asks which generation is the newest before and
after it searches, and searches anew if that changed.

On each machine, in `DATA_DIR/servers/…/`, generations like those of an embedded index, made from the
server's documents: manifest, lexical index and comments, but no vectors. A reader makes the next one
from the last one and the threads whose tags changed, or from nothing.
"""
