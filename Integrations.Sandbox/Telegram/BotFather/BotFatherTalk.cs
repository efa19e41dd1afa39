using System.Globalization;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.BotFather;

/// <summary>What BotFather says, with the token in it, if there is one.</summary>
internal readonly record struct BotFatherAnswer(string Text, string? Token = null);

/// <summary>One answer of BotFather, in the words that the real one uses.</summary>
/// <remarks>What was asked last is read from the conversation itself, so that nothing is forgotten when the sandbox is killed between two messages.</remarks>
/// <param name="world">Where bots are made.</param>
/// <param name="personId">Who asks.</param>
/// <param name="conversation">What was said before, newest first.</param>
internal sealed class BotFatherTalk(TelegramWorld world, long personId, IReadOnlyList<StoredMessage> conversation)
{
    private const string Commands =
        "/newbot - create a new bot\n/mybots - list your bots\n\n/token - get a new token, which ends the old one\n/revoke - the same\n"
        + "/setprivacy - toggle privacy mode in groups\n/deletebot - delete a bot\n/cancel - cancel the current operation";

    private const string AskName = "Alright, a new bot. How are we going to call it? Please choose a name for your bot.";
    private const string BadName = "Sorry, this name is not possible. Please choose a name of 1 to 64 characters.";
    private const string AskUsername =
        "Good. Now let's choose a username for your bot. It must end in `bot`. Like this, for example: TetrisBot or tetris_bot.";

    private const string MustEndInBot = "Sorry, the username must end in 'bot'. E.g. 'Tetris_bot' or 'Tetrisbot'";
    private const string BadUsername = "Sorry, this username is invalid.";
    private const string TakenUsername = "Sorry, this username is already taken. Please try something different.";
    private const string ChooseForToken = "Choose a bot to generate a new token. Warning: your old token will stop working.";
    private const string ChooseForPrivacy = "Choose a bot to change group messages settings.";
    private const string ChooseForDeletion = "Choose a bot to delete.";
    private const string AskPrivacy =
        "'Enable' - your bot will only receive messages that either start with the '/' symbol or mention the bot by username.\n\n"
        + "'Disable' - your bot will receive all messages that people send to groups.\n\nCurrent status is: ";

    private const string AskDeletion = "Are you sure?\n\nSend 'Yes, I am totally sure.' to confirm you really want to delete this bot.";
    private const string Certain = "Yes, I am totally sure.";

    private string Asked => conversation.FirstOrDefault(message => message.Out)?.Text ?? "";

    private IReadOnlyList<Person> Bots => [.. world.Bots().Where(bot => bot.Bot!.OwnerId == personId)];

    public BotFatherAnswer Answer(string said) => said.StartsWith('/') ? Command(said) : Reply(said);

    private BotFatherAnswer Command(string said) => said.Split('@', ' ')[0].ToLowerInvariant() switch
    {
        "/start" or "/help" => new("I can help you create and manage Telegram bots.\n\nYou can control me by sending these commands:\n\n" + Commands),
        "/newbot" => new(AskName),
        "/mybots" => OfBots("Here they are:"),
        "/token" or "/revoke" => OfBots(ChooseForToken),
        "/setprivacy" => OfBots(ChooseForPrivacy),
        "/deletebot" => OfBots(ChooseForDeletion),
        "/cancel" => new(IsAsking
            ? "The command has been cancelled. Anything else I can do for you?\n\nSend /help for a list of commands."
            : "No active command to cancel. I wasn't doing anything anyway. Zzzzz..."),
        _ => new("Unrecognized command. Say what?"),
    };

    private bool IsAsking => Asked is AskName or BadName or AskUsername or MustEndInBot or BadUsername or TakenUsername
        || Choices.Any(choice => Asked.Contains(choice, StringComparison.Ordinal))
        || Asked.StartsWith(AskPrivacy, StringComparison.Ordinal) || Asked.Contains(Certain, StringComparison.Ordinal);

    private static string[] Choices => [ChooseForToken, ChooseForPrivacy, ChooseForDeletion];

    private BotFatherAnswer Reply(string said) => Asked switch
    {
        AskName or BadName => new(IsName(said) ? AskUsername : BadName),
        AskUsername or MustEndInBot or BadUsername or TakenUsername => MakeBot(SaidAfter(AskName, BadName), said.TrimStart('@')),
        var asked when asked.Contains(ChooseForToken, StringComparison.Ordinal) => Chosen(said, ChooseForToken, NewToken),
        var asked when asked.Contains(ChooseForPrivacy, StringComparison.Ordinal) => Chosen(said, ChooseForPrivacy, bot =>
            new(AskPrivacy + (bot.Bot!.ReadsAllGroupMessages ? "DISABLED" : "ENABLED"))),
        var asked when asked.Contains(ChooseForDeletion, StringComparison.Ordinal) => Chosen(said, ChooseForDeletion, bot =>
            new($"OK, you selected @{bot.Username}. {AskDeletion}")),
        var asked when asked.StartsWith(AskPrivacy, StringComparison.Ordinal) => SetPrivacy(said),
        var asked when asked.Contains(Certain, StringComparison.Ordinal) => Delete(said),
        _ => new("Unrecognized command. Say what?"),
    };

    private static bool IsName(string said) => said.Length is >= 1 and <= 64;

    /// <summary>The first thing that the person said after BotFather asked for it.</summary>
    private string SaidAfter(params ReadOnlySpan<string> questions)
    {
        var said = "";
        foreach (var message in conversation)
        {
            if (!message.Out)
            {
                said = message.Text.Trim();
                continue;
            }

            foreach (var question in questions)
            {
                if (message.Text.Contains(question, StringComparison.Ordinal))
                    return said;
            }
        }

        return "";
    }

    private BotFatherAnswer MakeBot(string name, string username)
    {
        try
        {
            return Made(world.MakeBot(personId, name, username));
        }
        catch (TelegramRefusal refusal) when (refusal.Name == "USERNAME_OCCUPIED")
        {
            // Killed between making the bot and saying so: its maker was never told the token.
            return Bots.FirstOrDefault(bot => string.Equals(bot.Username, username, StringComparison.OrdinalIgnoreCase)) is { } own && !WasTold(own)
                ? Made(own)
                : new(TakenUsername);
        }
        catch (TelegramRefusal refusal) when (refusal.Name == "USERNAME_INVALID")
        {
            return new(username.EndsWith("bot", StringComparison.OrdinalIgnoreCase) ? BadUsername : MustEndInBot);
        }
        catch (TelegramRefusal refusal) when (refusal.Name == "BOT_TITLE_INVALID")
        {
            return new(BadName);
        }
    }

    private bool WasTold(Person bot) => conversation.Any(message => message.Out && message.Text.Contains(TokenOf(bot), StringComparison.Ordinal));

    private static BotFatherAnswer Made(Person bot) => new(
        $"Done! Congratulations on your new bot. You will find it at t.me/{bot.Username}. You can now add it to groups and channels, see /help for a list of "
        + $"commands.\n\nUse this token to access the HTTP API:\n{TokenOf(bot)}\nKeep your token secure and store it safely, it can be used by anyone to control "
        + "your bot.",
        TokenOf(bot));

    private BotFatherAnswer NewToken(Person bot)
    {
        world.RevokeBotToken(bot.Id);
        return new(
            $"Your token was replaced with a new one. You can use this token to access HTTP API:\n{TokenOf(bot)}\n\nThe old one does not work any more.",
            TokenOf(bot));
    }

    private BotFatherAnswer SetPrivacy(string said)
    {
        if (said.ToUpperInvariant() is not ("ENABLE" or "DISABLE") || Named(SaidAfter(ChooseForPrivacy)) is not { } bot)
            return new(AskPrivacy + (Asked.EndsWith("DISABLED", StringComparison.Ordinal) ? "DISABLED" : "ENABLED"));
        var isDisabled = said.Equals("disable", StringComparison.OrdinalIgnoreCase);
        world.SetBotPrivacy(bot.Id, readsAllGroupMessages: isDisabled);
        return new($"Success! The new status is: {(isDisabled ? "DISABLED" : "ENABLED")}. /help");
    }

    private BotFatherAnswer Delete(string said)
    {
        if (said != Certain)
            return new($"Please enter the confirmation text exactly like this:\n{Certain}\n\nType /cancel to cancel the operation.");
        if (Named(SaidAfter(ChooseForDeletion)) is not { } bot)
            return new("Invalid bot selected.");
        world.DeleteBot(bot.Id);
        return new("Done! The bot is gone. /help");
    }

    private BotFatherAnswer OfBots(string text) => Bots is { Count: > 0 } bots
        ? new($"{text}\n\n{string.Join('\n', bots.Select(bot => $"@{bot.Username} - {bot.FirstName}"))}")
        : new("You don't have any bots yet. Use the /newbot command to create a new bot first.");

    private BotFatherAnswer Chosen(string said, string choice, Func<Person, BotFatherAnswer> then) =>
        Named(said) is { } bot ? then(bot) : OfBots("Invalid bot selected. " + choice);

    private Person? Named(string said) =>
        Bots.FirstOrDefault(bot => string.Equals(bot.Username, said.TrimStart('@'), StringComparison.OrdinalIgnoreCase));

    private static string TokenOf(Person bot) => string.Create(CultureInfo.InvariantCulture, $"{bot.Id}:{bot.Bot!.Secret}");
}
