namespace Integrations.Core.Privacy;

/// <summary>What a person agrees to before the first account is connected, in the languages of the console.</summary>
internal static class ConsentTexts
{
    /// <summary>Changed with any change of what the texts mean.</summary>
    public const string Version = "2026-11";

    public static readonly IReadOnlyDictionary<string, string> Texts = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["en"] =
            "I connect my own Telegram account, or have its owner's permission. The service keeps its session (encrypted), its name, username and phone, and the "
            + "messages, names, usernames and phones of those it talks with, so that I and the colleagues of its project can answer them here. Only this installation "
            + "processes them. I can get everything that is kept about me, have it erased by an owner of my organisation, disconnect the account, and withdraw this "
            + "consent at any time; accounts that are connected by then stay until they are disconnected.",
        ["ru"] =
            "Я подключаю свой аккаунт Telegram или действую с разрешения его владельца. Сервис хранит сессию аккаунта (в зашифрованном виде), его имя, имя пользователя "
            + "и телефон, а также сообщения, имена, имена пользователей и телефоны собеседников, чтобы я и коллеги по проекту могли отвечать им здесь. Эти данные "
            + "обрабатывает только эта установка. Я могу получить всё, что обо мне хранится, попросить владельца моей организации это стереть, отключить аккаунт и в любой "
            + "момент отозвать согласие; подключённые к тому времени аккаунты остаются, пока их не отключат.",
        ["uk"] =
            "Я підключаю власний акаунт Telegram або дію з дозволу його власника. Сервіс зберігає сесію акаунта (зашифровано), його ім’я, ім’я користувача й телефон, а "
            + "також повідомлення, імена, імена користувачів і телефони співрозмовників, щоб я та колеги з проєкту могли відповідати їм тут. Ці дані обробляє лише ця "
            + "інсталяція. Я можу отримати все, що про мене зберігається, попросити власника моєї організації це стерти, відключити акаунт і будь-коли відкликати згоду; "
            + "підключені на той час акаунти залишаються, доки їх не відключать.",
    };
}
