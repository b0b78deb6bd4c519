"""The lines of `status` and of an ingest's summary, in English and Chinese side by side."""

from __future__ import annotations

from bot.messages import Message

# What an ingest did.

SKIPPED = Message(en="skipped {path}: {reason}", zh="跳过 {path}：{reason}")
FILES = Message(en="Files      {read} read, {skipped} skipped", zh="文件  读取 {read} 个，跳过 {skipped} 个")
COMMENTS = Message(
    en="Comments   {new} new, {changed} changed, {moved} moved, {removed} removed, {unchanged} unchanged",
    zh="评论  新增 {new} 条，改动 {changed} 条，移动 {moved} 条，删除 {removed} 条，未变 {unchanged} 条",
)
NOTHING_DONE = Message(en="Nothing was changed (--dry-run).", zh="没有做任何改动（--dry-run）。")
EXCLUDED = Message(
    en="Excluded   {count} comments (see `threadbot exclude --list`)",
    zh="排除  {count} 条评论（见 threadbot exclude --list）",
)
REBUILT = Message(
    en="Rebuilt    a first try was broken and thrown away: {reason}",
    zh="重写  第一次写出的索引有损坏，已经丢弃：{reason}",
)
COMPACTED = Message(
    en="Compacted  what was removed earlier is gone from the disk; there is nothing to roll back to",
    zh="压缩  先前删除的内容已从磁盘上清除，没有可以退回的世代",
)
PASSAGES = Message(
    en="Passages   {embedded} embedded, {cached} from the cache",
    zh="段落  计算向量 {embedded} 个，取自缓存 {cached} 个",
)
SECONDS = Message(
    en="Seconds    {seconds:.1f}, of which encoding {encoding:.1f}",
    zh="用时  {seconds:.1f} 秒，其中计算向量 {encoding:.1f} 秒",
)
PUBLISHED = Message(en="Generation {generation} published", zh="索引  第 {generation} 代已发布")
STILL_CURRENT = Message(
    en="Generation {generation} still current: nothing changed",
    zh="索引  仍是第 {generation} 代：没有变化",
)

# What is published.

SERVER = Message(en="Chroma server {name}", zh="Chroma 服务器  {name}")
FOLDER = Message(en="Data folder   {folder} ({size})", zh="数据文件夹  {folder}（{size}）")
GENERATION = Message(
    en="Generation    {generation}, written {ago} ({moment})",
    zh="索引        第 {generation} 代，{ago}写成（{moment}）",
)
MODEL = Message(
    en="Model         {model} ({dimensions} dimensions)", zh="模型        {model}（{dimensions} 维）"
)
THREADS = Message(
    en="Threads       {threads}, with {comments} comments: {zh} in Chinese, {en} in English",
    zh="讨论        {threads} 个，共 {comments} 条评论：中文 {zh} 条，英文 {en} 条",
)
NEWEST = Message(en="Newest        {date}", zh="最新        {date}")
UNDATED = Message(en="Newest        no thread has a date", zh="最新        讨论都没有日期")
LAST_CHANGE = Message(
    en="Last change   {new} new, {changed} changed, {removed} removed, {unchanged} unchanged; "
    "{seconds:.1f} s",
    zh="上次改动    新增 {new} 条，改动 {changed} 条，删除 {removed} 条，未变 {unchanged} 条；"
    "{seconds:.1f} 秒",
)
LAST_RUN = Message(
    en="Last run      {ago} ({moment}); {skipped} skipped",
    zh="上次运行    {ago}（{moment}）；跳过 {skipped} 个",
)
NO_TITLE = Message(en="(no title)", zh="（无标题）")
THREAD = Message(
    en="  {path} · {date} · {comments} comments, {answers} of them answers; "
    "{zh} in Chinese, {en} in English · {id}",
    zh="  {path} · {date} · {comments} 条评论，其中回答 {answers} 条；中文 {zh} 条，英文 {en} 条 · {id}",
)
ALL_SKIPPED = Message(en="Skipped {count}:", zh="跳过 {count} 个：")
ONE_SKIPPED = Message(en="  {path}: {reason}", zh="  {path}：{reason}")

# How long ago something was: one of a unit, and several.

AGO = {
    "day": (
        Message(en="{count} day ago", zh="{count} 天前"),
        Message(en="{count} days ago", zh="{count} 天前"),
    ),
    "hour": (
        Message(en="{count} hour ago", zh="{count} 小时前"),
        Message(en="{count} hours ago", zh="{count} 小时前"),
    ),
    "minute": (
        Message(en="{count} minute ago", zh="{count} 分钟前"),
        Message(en="{count} minutes ago", zh="{count} 分钟前"),
    ),
}
JUST_NOW = Message(en="just now", zh="刚刚")
