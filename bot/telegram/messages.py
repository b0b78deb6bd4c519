"""Every sentence only Telegram users see, in English and Chinese side by side."""

from __future__ import annotations

from bot.messages import Message

# Who may ask.

STRANGER = Message(
    en="This bot answers only people it knows. Your id is {user}; pass it on to whoever runs the bot.",
    zh="这个机器人只回答认识的人。你的编号是 {user}，请转告机器人的管理者。",
)
STRANGER_IN_GROUP = Message(
    en="This bot is not set up for this group. Your id is {user}, the group's is {chat}; "
    "pass one of them on to whoever runs the bot.",
    zh="这个机器人还没有对本群开放。你的编号是 {user}，本群的编号是 {chat}，请转告机器人的管理者。",
)
ADMINS_ONLY = Message(en="Only the bot's administrators can do this.", zh="只有机器人的管理员可以这样做。")

# What becomes of a question.

NOT_A_QUESTION = Message(
    en="Write what you want to know, in words, with at most {most} characters.",
    zh="请用文字写出想问的问题，最多 {most} 个字符。",
)
ASK_WHAT = Message(
    en="Write the question after the command: /ask How do I keep warm?",
    zh="请把问题写在命令后面：/ask 怎么保暖？",
)
TEXT_ONLY = Message(en="I only read text; write your question.", zh="我只能读文字，请写出你的问题。")
TOO_MANY = Message(
    en="That is a lot of questions; please ask again in {seconds} s.",
    zh="问题有点多，请过 {seconds} 秒再问。",
)
QUEUE_FULL = Message(
    en="{count} questions are waiting here already; ask again when they are answered, or /cancel them.",
    zh="这里已有 {count} 个问题在排队；等答完再问，或用 /cancel 取消。",
)
CANCELLED = Message(en="Dropped {count} waiting questions.", zh="已取消 {count} 个排队的问题。")
NOTHING_WAITS = Message(en="No question is waiting.", zh="没有排队的问题。")
SORRY = Message(
    en="Sorry, something went wrong here and your question is not answered. Please ask it again.",
    zh="抱歉，出了点问题，这个问题没有回答。请再问一次。",
)
RESTARTED = Message(
    en="Sorry, I was restarted before I could answer this. Please ask it again.",
    zh="抱歉，还没来得及回答我就重新启动了。请再问一次。",
)
NOT_CONFIRMED = Message(
    en="Sorry, Telegram did not confirm a message of mine, so part of the answer may be missing above.",
    zh="抱歉，Telegram 没有确认我的一条消息，上面的回答可能不完整。",
)
AWAY = Message(
    en="The archive cannot be reached just now; ask again in a while.",
    zh="暂时无法访问讨论档案；请稍后再问。",
)
NO_INDEX = Message(
    en="There is no index to answer from yet; whoever runs the bot has to ingest threads first.",
    zh="还没有可以查找的索引；请机器人的管理者先导入讨论。",
)
WITHIN = Message(en="Within: {title}", zh="查找范围：{title}")
THREAD_GONE = Message(
    en="That thread is not in the archive any more; /threads lists those that are.",
    zh="这个讨论已不在档案中；/threads 列出现有的讨论。",
)
LIKE = Message(en="Comments like the one by {author}:", zh="与 {author} 的评论相似的评论：")
ARCHIVE = Message(
    en="The archive's newest thread is from {date}; it was last refreshed on {refreshed} UTC.",
    zh="档案中最新的讨论是 {date} 的；档案最近更新于 {refreshed}（UTC）。",
)
ARCHIVE_UNDATED = Message(
    en="The archive was last refreshed on {refreshed} UTC.", zh="档案最近更新于 {refreshed}（UTC）。"
)
REMOVED = Message(
    en="This comment is not in the archive any more.",
    zh="这条评论已不在档案中。",
)
EDITED = Message(en="edited since", zh="之后有修改")
EXPIRED = Message(
    en="This answer is too old for its buttons; ask again.", zh="这个回答太旧，按钮已失效；请再问一次。"
)
ALREADY_BELOW = Message(en="The next page is further down already.", zh="下一页已经在下面了。")
ONE_LANGUAGE = Message(en="These comments exist in one language only.", zh="这些评论只有一种语言。")
PAGE_OF = Message(en="page {page} of {pages}", zh="第 {page}／{pages} 页")
CHAIN = Message(en="How this comment came about:", zh="这条评论的来龙去脉：")
THREAD_QUESTION = Message(en="Question: {title}", zh="问题：{title}")
CHAIN_GONE = Message(en="(a comment that is not in the archive any more)", zh="（一条已不在档案中的评论）")
CHAIN_STEP = Message(en="{author} replied:", zh="{author} 回复：")
CHAIN_STEP_TO = Message(en="{author} replied to {name}:", zh="{author} 回复 {name}：")
CHAIN_ROOT = Message(en="{author} answered:", zh="{author} 回答：")

# Buttons.

NEXT = Message(en="Next page ▸", zh="下一页 ▸")
IN_CHINESE = Message(en="中文", zh="中文")
IN_ENGLISH = Message(en="English", zh="English")
REPLY_CHAIN = Message(en="Reply chain", zh="回复链")
MORE_LIKE_THIS = Message(en="More like this", zh="更多相似")
WHOLE = Message(en="Whole comment", zh="全文")
WHY = Message(en="Why this one?", zh="为什么是它？")
SOURCE_LINK = Message(en="Source ↗", zh="来源 ↗")
SHARE = Message(en="Share ↗", zh="分享 ↗")
SHOW_NEAREST = Message(en="Show the nearest comments", zh="看看最接近的评论")
SHOW_AGAIN = Message(en="Show the answer again", zh="再显示一次回答")
ALL_THREADS = Message(en="All threads", zh="所有讨论")
ROLL_BACK = Message(en="Roll back", zh="回退")
OPEN_IN_CHAT = Message(en="The whole comment", zh="看全文")

# Why an excerpt was chosen; a notice has 200 characters.

BECAUSE = Message(
    en="{share} % likely to answer. Place by meaning: {meaning}, by words: {words}.",
    zh="回答这个问题的可能性为 {share}%。按含义排第 {meaning}，按字词排第 {words}。",
)
BECAUSE_MATCHED = Message(en="Matched: {matched}", zh="匹配的词：{matched}")

# Feedback.

THANKS = Message(en="Noted, thank you.", zh="已记下，谢谢。")
FORGOTTEN = Message(
    en="Forgotten: {ratings} ratings and {pages} stored questions of yours. Buttons under those answers "
    "work no longer.",
    zh="已删除你的 {ratings} 个评价和 {pages} 个保存的问题。那些回答下的按钮不再可用。",
)

# Settings.

SETTINGS = Message(
    en="Language of quotes: {tongue}\nComments in an answer: {count}\nLength of a quote: {length}\n"
    "Threads: {thread}",
    zh="引用的语言：{tongue}\n每次回答的评论数：{count}\n引用的长度：{length}\n讨论：{thread}",
)
AUTO = Message(en="as asked", zh="随提问")
LANG_CHINESE = Message(en="Quotes and sentences now come in Chinese.", zh="现在使用中文。")
LANG_ENGLISH = Message(en="Quotes and sentences now come in English.", zh="现在使用英文。")
SHORT = Message(en="short", zh="短")
MEDIUM = Message(en="medium", zh="中")
LONG = Message(en="long", zh="长")
COMMENTS = Message(en="{count} comments", zh="{count} 条")

# Threads.

PICK = Message(
    en="{total} threads; pick one by its number to ask only there.",
    zh="共 {total} 个讨论；点编号可以只在其中查找。",
)
NO_SUCH_THREAD = Message(
    en="No thread is called {name}; /threads lists them all.",
    zh="没有名为 {name} 的讨论；/threads 列出所有讨论。",
)

# Status.

STATUS = Message(
    en="{comments} comments from {threads} threads, generation {generation}.\nModel: {model}",
    zh="共 {threads} 个讨论、{comments} 条评论，第 {generation} 版索引。\n模型：{model}",
)
LAST_CHANGE = Message(en="Last change: {counts}", zh="最近一次变化：{counts}")
LAST_RUN = Message(en="Last re-ingest: {outcome}", zh="最近一次更新：{outcome}")
EVERY = Message(en="Re-ingest runs every {seconds} s.", zh="每 {seconds} 秒自动更新一次。")
BY_CRON = Message(en="Re-ingest runs at {expression} (cron).", zh="按 {expression}（cron）自动更新。")

# Administration.

REINGEST_STARTED = Message(en="Re-ingesting…", zh="正在更新档案……")
REINGEST_RUNNING = Message(en="Re-ingesting… {seconds} s", zh="正在更新档案…… {seconds} 秒")
REINGEST_STAGE = Message(en="{stage}…{share} ({seconds} s)", zh="{stage}……{share}（{seconds} 秒）")
REINGEST_BUSY = Message(en="A re-ingest is running already.", zh="已经在更新了。")
REINGEST_DONE = Message(
    en="{counts}, generation {generation}, {seconds} s", zh="{counts}，第 {generation} 版，{seconds} 秒"
)
REINGEST_SAME = Message(en="Nothing changed; {seconds} s", zh="没有变化；{seconds} 秒")
REINGEST_SKIPPED = Message(en="skipped: {reasons}", zh="跳过：{reasons}")
REINGEST_MORE = Message(en="and {count} more", zh="另有 {count} 个")
REINGEST_FAILED = Message(en="The re-ingest failed: {reason}", zh="更新失败：{reason}")
REINGEST_STOPPED = Message(
    en="The re-ingest was stopped; the archive is as before.", zh="更新已停止；档案没有变化。"
)
ROLLED_BACK = Message(en="Generation {generation} answers again.", zh="已回退到第 {generation} 版索引。")
ALLOWED = Message(en="{id} may ask now.", zh="{id} 现在可以提问。")
DENIED = Message(en="{id} may not ask any more.", zh="{id} 不能再提问。")
WHICH_ID = Message(
    en="Write the id of a user or a chat: {command} 123456789", zh="请写出用户或群的编号：{command} 123456789"
)
IS_ADMIN = Message(
    en="{id} is an administrator; take the id out of THREADBOT_ADMINS instead.",
    zh="{id} 是管理员；请从 THREADBOT_ADMINS 中移除。",
)

# Inline mode.

INLINE_STRANGER = Message(en="Not for you yet: tap for your id", zh="尚未开放：点此查看你的编号")
INLINE_TYPE = Message(en="Type a question", zh="请输入问题")
INLINE_NOTHING = Message(en="Nothing in the threads speaks to this", zh="讨论中没有人谈到这个问题")
INLINE_WAIT = Message(
    en="A lot of questions; try again in {seconds} s", zh="问题有点多，请过 {seconds} 秒再试"
)

# Help, and the commands as menus and /help list them.

HELLO = Message(
    en="Ask me about the archived threads, in English or Chinese: I answer with the commenters' own words.",
    zh="可以用中文或英文向我询问存档的讨论，我用评论者的原话回答。",
)
HELP_PRIVATE = Message(
    en="Write a question. Reply to an answer to ask on within its thread.",
    zh="直接写问题。回复某个回答，可以在同一个讨论里继续问。",
)
HELP_GROUP = Message(
    en="In groups I answer /ask, a mention of @{bot}, and replies to my messages; anywhere else, type "
    "@{bot} and a question.",
    zh="在群里，用 /ask、提到 @{bot} 或回复我的消息来提问；在其他聊天里，输入 @{bot} 加问题。",
)
UNKNOWN_COMMAND = Message(
    en="I do not know this command; /help lists them all.", zh="没有这个命令；/help 列出所有命令。"
)
MENU_ASK = Message(en="ask a question", zh="提问")
MENU_MORE = Message(en="the next comments for the last question", zh="上一个问题的更多评论")
MENU_THREADS = Message(en="the threads; pick one to ask within", zh="浏览讨论，选一个在其中查找")
MENU_LANG = Message(en="the language of quotes: en, zh or auto", zh="引用的语言：en、zh 或 auto")
MENU_SETTINGS = Message(en="language, how many comments, how long", zh="语言、评论数、长度")
MENU_STATUS = Message(en="what is indexed, and how fresh it is", zh="索引的内容和新旧")
MENU_CANCEL = Message(en="drop the questions that wait", zh="取消排队的问题")
MENU_FORGET = Message(en="remove your ratings and stored questions", zh="删除你的评价和保存的问题")
MENU_HELP = Message(en="how this works", zh="使用说明")
MENU_START = Message(en="begin", zh="开始")
MENU_REINGEST = Message(en="read the threads again", zh="重新读取讨论")
MENU_ROLLBACK = Message(en="go back to the generation before", zh="回退到上一版索引")
MENU_ALLOW = Message(en="let a user or a chat ask", zh="允许某个用户或群提问")
MENU_DENY = Message(en="stop a user or a chat from asking", zh="禁止某个用户或群提问")
