"""A bot written with python-telegram-bot, as its documentation shows it; told what to do by its arguments, it tells what happens as lines of JSON."""
import argparse
import hashlib
import io
import json
import sys

from telegram import InlineKeyboardButton, InlineKeyboardMarkup, InputMediaDocument
from telegram.error import TelegramError
from telegram.ext import CallbackQueryHandler, CommandHandler, Filters, MessageHandler, Updater


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def start(update, context):
    update.message.reply_text(f"Hello, {update.effective_user.first_name}.")


def echo(update, context):
    update.message.reply_text(update.message.text.upper(), reply_to_message_id=update.message.message_id)


def pressed(update, context):
    update.callback_query.answer(text=f"You chose {update.callback_query.data}.")
    update.callback_query.edit_message_text("Chosen.")


def posted(update, context):
    tell("post", text=update.channel_post.text, chat=update.channel_post.chat.title)


def pictured(update, context):
    """Fetches what a person sent and tells what it is."""
    message = update.message
    name, sent = ("photo", message.photo[-1]) if message.photo else ("document", message.document)
    content = sent.get_file().download_as_bytearray()
    tell("file", kind=name, caption=message.caption, size=sent.file_size, hash=hashlib.sha256(content).hexdigest())


def tour(bot, chat, forum, picture):
    """One of everything, where the person looks on; what each call returned is told at the end."""
    photo = bot.send_photo(chat, io.BytesIO(bytes.fromhex(picture)), caption="A picture")
    again = bot.send_photo(chat, photo.photo[-1].file_id)
    fetched = photo.photo[-1].get_file().download_as_bytearray()
    document = bot.send_document(chat, io.BytesIO(b"a bill"), filename="bill.txt", caption="A bill")
    album = bot.send_media_group(
        forum, [InputMediaDocument(io.BytesIO(b"one"), filename="1.txt", caption="An album"), InputMediaDocument(io.BytesIO(b"two"), filename="2.txt")])
    # This version of the library knows no topics; the calls are Telegram's all the same.
    topic = bot._post("createForumTopic", {"chat_id": forum, "name": "Orders"})
    inside = bot._post("sendMessage", {"chat_id": forum, "message_thread_id": topic["message_thread_id"], "text": "In the topic"})
    bot._post("closeForumTopic", {"chat_id": forum, "message_thread_id": topic["message_thread_id"]})
    bot.pin_chat_message(forum, inside["message_id"])
    pinned = bot.get_chat(forum).pinned_message
    edited = bot.edit_message_text("In the topic, corrected", forum, inside["message_id"])
    deleted = bot.delete_message(forum, album[1].message_id)
    tell(
        "toured", picture=bytes(fetched).hex(), same=again.photo[-1].file_unique_id == photo.photo[-1].file_unique_id,
        document=document.document.file_name, album=len({message.media_group_id for message in album}), topic=topic["name"],
        pinned=pinned.text, edited=edited.text, deleted=deleted)
    bot.send_message(chat, "Choose.", reply_markup=InlineKeyboardMarkup([[InlineKeyboardButton("Tea", callback_data="tea")]]))


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--base", required=True)
    arguments.add_argument("--webhook-port", type=int)
    options = arguments.parse_args()
    token = sys.stdin.readline().strip()
    updater = Updater(token, base_url=options.base + "/bot", base_file_url=options.base + "/file/bot")
    updater.dispatcher.add_handler(CommandHandler("start", start))
    updater.dispatcher.add_handler(MessageHandler(Filters.update.channel_post, posted))
    updater.dispatcher.add_handler(MessageHandler(Filters.chat_type.private & (Filters.photo | Filters.document), pictured))
    updater.dispatcher.add_handler(MessageHandler(Filters.chat_type.private & Filters.text & ~Filters.command & Filters.update.message, echo))
    updater.dispatcher.add_handler(CallbackQueryHandler(pressed))
    me = updater.bot.get_me()
    tell("me", id=me.id, username=me.username, is_bot=me.is_bot)
    if options.webhook_port:
        updater.start_webhook(
            listen="127.0.0.1", port=options.webhook_port, url_path="hook", webhook_url=f"http://127.0.0.1:{options.webhook_port}/hook")
        tell("ready", url=updater.bot.get_webhook_info().url)
    else:
        updater.start_polling(timeout=5)
        tell("ready", url=updater.bot.get_webhook_info().url)
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "stop":
            break
        try:
            if command["do"] == "tour":
                tour(updater.bot, command["chat"], command["forum"], command["picture"])
                continue
            message = updater.bot.send_message(command["chat"], command["text"])
            tell("sent", id=message.message_id, title=message.chat.title)
        except TelegramError as error:
            tell("refused", kind=type(error).__name__, message=error.message, retry_after=getattr(error, "retry_after", None))
    updater.stop()
    tell("stopped")


main()
