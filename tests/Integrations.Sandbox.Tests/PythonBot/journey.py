"""A bot written with python-telegram-bot, as its documentation shows it; told what to do by its arguments, it tells what happens as lines of JSON."""
import argparse
import json
import sys

from telegram.error import TelegramError
from telegram.ext import CommandHandler, Filters, MessageHandler, Updater


def tell(event, **more):
    print(json.dumps({"event": event, **more}), flush=True)


def start(update, context):
    update.message.reply_text(f"Hello, {update.effective_user.first_name}.")


def echo(update, context):
    update.message.reply_text(update.message.text.upper(), reply_to_message_id=update.message.message_id)


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--base", required=True)
    arguments.add_argument("--webhook-port", type=int)
    options = arguments.parse_args()
    token = sys.stdin.readline().strip()
    updater = Updater(token, base_url=options.base + "/bot")
    updater.dispatcher.add_handler(CommandHandler("start", start))
    updater.dispatcher.add_handler(MessageHandler(Filters.text & ~Filters.command, echo))
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
            message = updater.bot.send_message(command["chat"], command["text"])
            tell("sent", id=message.message_id, title=message.chat.title)
        except TelegramError as error:
            tell("refused", kind=type(error).__name__, message=error.message, retry_after=getattr(error, "retry_after", None))
    updater.stop()
    tell("stopped")


main()
