"""Every sentence to users of the front ends, in English and Chinese side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.types import Language


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence in both languages, with the same `{placeholders}`."""

    en: str
    zh: str

    def __call__(self, language: Language, **values: object) -> str:
        """Return the sentence in a language, its placeholders filled."""
        return (self.zh if language == "zh" else self.en).format(**values)

    def both(self, **values: object) -> tuple[str, str]:
        """Return the sentence in English and in Chinese, as an error wants it."""
        return self("en", **values), self("zh", **values)


# An excerpt and what stands around it.

REPLYING_TO = Message(en="{author}, replying to {name}", zh="{author} 回复 {name}")
UNTITLED = Message(en="untitled thread", zh="无标题")
ANSWERS = Message(en="answers {author}: {quote}", zh="回应 {author}：{quote}")
SIMILAR = Message(en="{count} more in nearly the same words", zh="另有 {count} 条几乎相同")
ONLY_CHINESE = Message(en="only in Chinese", zh="只有中文")
ONLY_ENGLISH = Message(en="only in English", zh="只有英文")
NO_TEXT = Message(en="(a picture without text)", zh="（只有图片，没有文字）")
ARCHIVE_DATE = Message(en="The archive's newest thread is from {date}.", zh="档案中最新的讨论是 {date} 的。")
CHINESE = Message(en="Chinese", zh="中文")
ENGLISH = Message(en="English", zh="英文")

# What an answer amounts to.

NOTHING_RELEVANT = Message(en="Nothing in the threads speaks to this.", zh="这些讨论里没有人谈到这个问题。")
NEAREST_BY_MORE = Message(
    en="/more shows the nearest comments all the same.", zh="输入 /more 可以看看最接近的评论。"
)
NEAREST_BY_JSON = Message(
    en="The nearest comments are in the output of --json, and in `threadbot chat` behind /more.",
    zh="最接近的评论：加 --json 可见，或在 threadbot chat 里输入 /more。",
)
NEAREST = Message(
    en="The nearest comments; they may well not speak to your question:",
    zh="最接近的评论，不一定与你的问题有关：",
)
NO_EXCERPTS = Message(en="There is no comment to show.", zh="没有可以显示的评论。")

ONE_ARGUMENT = Message(
    en="Each argument counts as a question of its own; put one of several words in quotation marks.",
    zh="每个参数算一个问题；含空格的问题请加引号。",
)
TYPE_QUESTIONS = Message(en="Write one question a line; Ctrl-D ends.", zh="每行一个问题，按 Ctrl-D 结束。")

# How far an ingest has come: a sentence per stage.

STAGES = {
    "model": Message(en="Loading the model", zh="加载模型"),
    "read": Message(en="Reading threads", zh="读取讨论"),
    "fetch": Message(en="Fetching addresses", zh="抓取网址"),
    "embed": Message(en="Embedding passages", zh="计算向量"),
    "write": Message(en="Writing the index", zh="写入索引"),
    "probe": Message(en="Trying the new index out", zh="试用新索引"),
}

# Whether a comment's file still says what the index says; by verdict.

VERIFIED = {
    "unchanged": Message(
        en="Unchanged in {path}, lines {first} to {last} (digest {digest}).",
        zh="与 {path} 第 {first} 至 {last} 行一致（摘要 {digest}）。",
    ),
    "edited": Message(
        en="Edited since in {path}, lines {first} to {last}; `threadbot ingest` takes the change over.",
        zh="{path} 第 {first} 至 {last} 行已有修改；`threadbot ingest` 会更新。",
    ),
    "removed": Message(
        en="Removed since from {path}; `threadbot ingest` takes it out of the answers.",
        zh="已从 {path} 中移除；`threadbot ingest` 会把它从回答中去掉。",
    ),
    "unknown": Message(en="Cannot be compared with {path}: {reason}.", zh="无法与 {path} 对照：{reason}。"),
}

# Ingesting again and again: a line per run.

RUN_PUBLISHED = Message(
    en="+{new} ~{changed} −{removed}, generation {generation}, {seconds:.1f} s",
    zh="新增 {new}，更改 {changed}，移除 {removed}，第 {generation} 代，{seconds:.1f} 秒",
)
RUN_SAME = Message(en="nothing changed, {seconds:.1f} s", zh="没有变化，{seconds:.1f} 秒")
RUN_SKIPPED = Message(en="{count} skipped ({first})", zh="跳过 {count} 项（{first}）")
RUN_FAILED = Message(en="failed: {reason}", zh="失败：{reason}")
RUN_ENDED = Message(
    en="The run ended with exit code {code}; run the same without a schedule to see more.",
    zh="运行以退出码 {code} 结束；请不带定时选项再运行一次以查看详情。",
)
RUN_NEXT = Message(en="next at {moment}", zh="下次于 {moment}")
RUN_WAITING = Message(en="waiting", zh="等待中")
RUN_WATCHING = Message(en="watching", zh="监视中")
RUN_STOPPED = Message(en="stopped", zh="已停止")
NO_SCHEDULED_DRY_RUN = Message(
    en="--dry-run goes with no schedule; leave out --every, --cron or --watch.",
    zh="--dry-run 不能与 --every、--cron 或 --watch 同用；请去掉后者。",
)
NO_WATCHED_ADDRESS = Message(
    en="An address cannot be watched; use --every or --cron for {address}.",
    zh="网址无法监视；{address} 请改用 --every 或 --cron。",
)

# Looking after the index.

EXCLUDED = Message(
    en="{count} comments left the answers; generation {generation} is published.",
    zh="{count} 条评论不再出现在回答中；已发布第 {generation} 代。",
)
EXCLUDED_LATER = Message(
    en="Noted; no comment of the index is among them now.", zh="已记下；目前索引里没有相应的评论。"
)
UNDONE = Message(
    en="Noted; the next `threadbot ingest` brings the comments back.",
    zh="已记下；下次运行 `threadbot ingest` 时这些评论会回来。",
)
NOTHING_EXCLUDED = Message(en="Nothing is excluded.", zh="没有排除任何内容。")
EXCLUDED_ID = Message(en="comment {name}", zh="评论 {name}")
EXCLUDED_AUTHOR = Message(en="author {name}", zh="作者 {name}")
COMPACT_NEXT = Message(
    en="`threadbot compact` removes what is left of them on the disk.",
    zh="运行 `threadbot compact` 可清除磁盘上的残留。",
)
COMPACTED = Message(
    en="Generation {generation} was written anew; {before} became {after}.",
    zh="已重写为第 {generation} 代；{before} 变为 {after}。",
)
STILL_READ = Message(
    en="{count} older generations stay because they are being read; compact again when that is over.",
    zh="还有 {count} 代旧索引正被读取，暂时保留；读取者更新后请再运行一次 compact。",
)
EMBEDDED = Message(
    en="{texts} different texts, {own} of them in this shard: {encoded} encoded in {seconds} s, {there} "
    "there already. Join with: threadbot ingest --vectors {out} SOURCE…",
    zh="共有 {texts} 段不同的文本，其中 {own} 段属于本分片：本次编码 {encoded} 段（{seconds} 秒），"
    "{there} 段已有。合并请运行：threadbot ingest --vectors {out} 来源…",
)
VACUUM_NEXT = Message(
    en="On the Chroma server what is gone is deleted, and its bytes stay in the server's files until "
    "`chroma vacuum --path FOLDER` and `python -m retrieval.scrub FOLDER` have run there while it is "
    "stopped.",
    zh="Chroma 服务器上不再需要的内容已删除；停止服务器并在其上运行 `chroma vacuum --path 文件夹` 和 "
    "`python -m retrieval.scrub 文件夹` 之后，其字节才会从服务器的文件中消失。",
)
ROLLED_BACK = Message(
    en="Generation {generation} of {created} answers again.", zh="已恢复到第 {generation} 代（{created}）。"
)

# The conversation on a terminal.

WELCOME = Message(
    en="{comments} comments from {threads} threads. Ask in English or Chinese; /help lists what else works.",
    zh="共 {threads} 个讨论、{comments} 条评论。可以用中文或英文提问；/help 查看其他命令。",
)
LOADING = Message(en="Loading the model…", zh="正在加载模型……")
SEARCHING = Message(en="Searching…", zh="正在查找……")
STOPPED = Message(en="Stopped.", zh="已停止。")
MORE_HINT = Message(
    en="/more · /original (the other language) · /like N · /show N",
    zh="/more 更多 · /original 另一种语言 · /like N 相似的 · /show N 全文",
)
NO_MORE = Message(en="There are no more comments for this question.", zh="这个问题没有更多评论了。")
ASK_FIRST = Message(en="Ask a question first.", zh="请先提一个问题。")
NO_OTHER_LANGUAGE = Message(
    en="The comments shown exist in one language only.", zh="显示的评论只有一种语言。"
)
WHICH_NUMBER = Message(
    en="Say which comment, by a number between 1 and {last}: {command} 1",
    zh="请用 1 到 {last} 之间的数字指明哪条评论：{command} 1",
)
UNKNOWN_COMMAND = Message(
    en="There is no command {command}; did you mean {nearest}?",
    zh="没有 {command} 这个命令；是不是 {nearest}？",
)
UNKNOWN_COMMAND_HELP = Message(
    en="There is no command {command}; /help lists them all.",
    zh="没有 {command} 这个命令；/help 列出所有命令。",
)
LANG_SET = Message(en="Quotes now come in English.", zh="现在优先引用中文。")
LANG_AUTO = Message(en="Quotes now come in the language of the question.", zh="现在按提问的语言引用。")
LANG_USAGE = Message(
    en="Write /lang en, /lang zh or /lang auto.", zh="请输入 /lang en、/lang zh 或 /lang auto。"
)
THREAD_SET = Message(en="Answers now come only from: {titles}", zh="现在只在以下讨论中查找：{titles}")
THREAD_OFF = Message(en="Answers now come from all threads.", zh="现在在所有讨论中查找。")
THREAD_UNKNOWN = Message(
    en="No thread is called {name}; /sources lists them all.",
    zh="没有名为 {name} 的讨论；/sources 列出所有讨论。",
)
SOURCE = Message(
    en="{number}. {title} ({date}, {path}): {comments} comments",
    zh="{number}. {title}（{date}，{path}）：{comments} 条评论",
)
NO_DATE = Message(en="no date", zh="无日期")
GOODBYE = Message(en="Goodbye.", zh="再见。")

# The commands, as /help lists them.

HELP_ASK = Message(en="Anything else you type is a question.", zh="其他输入都会当作问题。")
HELP_HELP = Message(en="this list", zh="显示这份列表")
HELP_MORE = Message(en="the next comments for the last question", zh="上一个问题的更多评论")
HELP_ORIGINAL = Message(
    en="the comments shown, or comment N, in the other language", zh="用另一种语言显示（第 N 条）评论"
)
HELP_LIKE = Message(en="comments like comment N", zh="与第 N 条相似的评论")
HELP_SHOW = Message(en="all of comment N, and where it stands", zh="第 N 条评论的全文和出处")
HELP_LANG = Message(en="the language of quotes: en, zh or auto", zh="引用的语言：en、zh 或 auto")
HELP_THREAD = Message(
    en="ask only one thread (its number, or part of its name); off: all of them",
    zh="只在一个讨论中查找（编号或名称的一部分）；off 取消",
)
HELP_SOURCES = Message(en="the threads of the archive", zh="档案中的讨论")
HELP_QUIT = Message(en="leave (so does Ctrl-D)", zh="退出（Ctrl-D 也可以）")
HELP_KEYS = Message(
    en="Enter asks, Alt-Enter starts a new line, Ctrl-C stops, the right arrow takes a suggestion.",
    zh="回车提问，Alt-回车换行，Ctrl-C 停止，右方向键采用提示。",
)

# The demonstration.

DEMO_READING = Message(
    en="Reading four sample threads into a temporary folder…", zh="正在把四个示例讨论读入临时文件夹……"
)
DEMO_CHAT = Message(
    en="Now ask the sample threads yourself; /sources lists them, /help what else works, /quit leaves.",
    zh="现在可以自己向示例讨论提问；/sources 列出讨论，/help 查看命令，/quit 退出。",
)
DEMO_NEXT = Message(
    en="Next, index your own threads: threadbot ingest YOUR_FOLDER, then: threadbot chat",
    zh="接下来可以导入自己的讨论：threadbot ingest 你的文件夹，然后：threadbot chat",
)
