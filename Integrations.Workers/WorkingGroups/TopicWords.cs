using Integrations.Core.Errors;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.WorkingGroups;

namespace Integrations.Workers.WorkingGroups;

/// <summary>What we say in topics, in one of the languages that a group may choose. What people said stays as it is.</summary>
internal sealed record TopicWords
{
    private static readonly TopicWords English = new()
    {
        Edited = "✎ edited",
        Deleted = "🗑 deleted by its author",
        Sending = "⏳ being sent",
        Waiting = "⏳ waiting: {0}",
        Delivered = "✓ Delivered",
        Failed = "✗ Not delivered: {0}",
        Retry = "Send again",
        Fetching = "⏳ {0} is being fetched",
        NotFetched = "{0} could not be fetched",
        TooBig = "{0} is too big to be fetched",
        NotShown = "{0} cannot be shown here; look into the console",
        EditNotCarried = "✎ This change could not be carried over: the other side keeps the answer as it was. Send a new one.",
        MediaNotCarried = "✗ Not sent: only texts and files can be sent from here.",
        RetryDone = "It is being sent again.",
        RetryNotFailed = "It has been sent already, or is on its way.",
        RetryNotConnected = "The account is not connected. Connect it again first.",
        Unknown = "Telegram refused it",
        Who = "{0}\nusername: {1}\nphone: {2}\nTelegram id: {3}\ntalks with: {4}\nproject: {5}",
        None = "unknown",
        Kinds = new() { [MediaKind.Photo] = "photo", [MediaKind.Document] = "document", [MediaKind.Video] = "video", [MediaKind.Animation] = "animation", [MediaKind.Audio] = "audio", [MediaKind.Voice] = "voice message", [MediaKind.VideoNote] = "video message", [MediaKind.Sticker] = "sticker" },
        Reasons = new(StringComparer.Ordinal)
        {
            [ErrorCodes.AccountNotActive] = "the account is not connected",
            [ErrorCodes.BotNotActive] = "the bot is not connected",
            [ErrorCodes.TelegramSessionExpired] = "the account was signed out; it has to be connected again",
            [ErrorCodes.TelegramPeerForbidden] = "the other side does not take messages from here",
            [ErrorCodes.TelegramPeerUnknown] = "Telegram does not know this person any more",
            [ErrorCodes.TelegramFlood] = "Telegram asks to wait",
            [ErrorCodes.TelegramUnavailable] = "Telegram is not reachable",
            [ErrorCodes.TelegramMessageRejected] = "Telegram does not take this message",
            [ErrorCodes.OutcomeUnknown] = "the connection broke; look whether it has arrived before you send it again",
            [ErrorCodes.ServiceUnavailable] = "too much waits to be sent already",
            [ErrorCodes.MediaTooBig] = "the file is too big to be passed on by a bot",
            [ErrorCodes.MediaUnavailable] = "the file could not be fetched from Telegram",
        },
    };

    private static readonly TopicWords Russian = new()
    {
        Edited = "✎ изменено",
        Deleted = "🗑 удалено автором",
        Sending = "⏳ отправляется",
        Waiting = "⏳ ждёт: {0}",
        Delivered = "✓ Доставлено",
        Failed = "✗ Не доставлено: {0}",
        Retry = "Отправить ещё раз",
        Fetching = "⏳ загружается: {0}",
        NotFetched = "не удалось загрузить: {0}",
        TooBig = "слишком большой файл: {0}",
        NotShown = "нельзя показать здесь: {0}; откройте консоль",
        EditNotCarried = "✎ Эту правку не удалось перенести: у собеседника остаётся прежний ответ. Отправьте новый.",
        MediaNotCarried = "✗ Не отправлено: отсюда можно отправить только тексты и файлы.",
        RetryDone = "Отправляется ещё раз.",
        RetryNotFailed = "Уже отправлено или отправляется.",
        RetryNotConnected = "Аккаунт не подключён. Сначала подключите его снова.",
        Unknown = "Telegram отказал",
        Who = "{0}\nимя пользователя: {1}\nтелефон: {2}\nTelegram ID: {3}\nпишет: {4}\nпроект: {5}",
        None = "неизвестно",
        Kinds = new() { [MediaKind.Photo] = "фото", [MediaKind.Document] = "документ", [MediaKind.Video] = "видео", [MediaKind.Animation] = "анимация", [MediaKind.Audio] = "аудио", [MediaKind.Voice] = "голосовое сообщение", [MediaKind.VideoNote] = "видеосообщение", [MediaKind.Sticker] = "стикер" },
        Reasons = new(StringComparer.Ordinal)
        {
            [ErrorCodes.AccountNotActive] = "аккаунт не подключён",
            [ErrorCodes.BotNotActive] = "бот не подключён",
            [ErrorCodes.TelegramSessionExpired] = "сеанс аккаунта завершён; его нужно подключить снова",
            [ErrorCodes.TelegramPeerForbidden] = "собеседник не принимает сообщения отсюда",
            [ErrorCodes.TelegramPeerUnknown] = "Telegram больше не знает этого человека",
            [ErrorCodes.TelegramFlood] = "Telegram просит подождать",
            [ErrorCodes.TelegramUnavailable] = "Telegram недоступен",
            [ErrorCodes.TelegramMessageRejected] = "Telegram не принимает это сообщение",
            [ErrorCodes.OutcomeUnknown] = "связь прервалась; проверьте, не пришло ли оно, прежде чем отправлять снова",
            [ErrorCodes.ServiceUnavailable] = "слишком много сообщений ждёт отправки",
            [ErrorCodes.MediaTooBig] = "файл слишком большой, бот не может его передать",
            [ErrorCodes.MediaUnavailable] = "не удалось загрузить файл из Telegram",
        },
    };

    private static readonly TopicWords Ukrainian = new()
    {
        Edited = "✎ змінено",
        Deleted = "🗑 видалено автором",
        Sending = "⏳ надсилається",
        Waiting = "⏳ очікує: {0}",
        Delivered = "✓ Доставлено",
        Failed = "✗ Не доставлено: {0}",
        Retry = "Надіслати ще раз",
        Fetching = "⏳ завантажується: {0}",
        NotFetched = "не вдалося завантажити: {0}",
        TooBig = "завеликий файл: {0}",
        NotShown = "не можна показати тут: {0}; відкрийте консоль",
        EditNotCarried = "✎ Цю зміну не вдалося перенести: у співрозмовника лишається попередня відповідь. Надішліть нову.",
        MediaNotCarried = "✗ Не надіслано: звідси можна надіслати лише тексти й файли.",
        RetryDone = "Надсилається ще раз.",
        RetryNotFailed = "Уже надіслано або надсилається.",
        RetryNotConnected = "Обліковий запис не підключено. Спочатку підключіть його знову.",
        Unknown = "Telegram відмовив",
        Who = "{0}\nім'я користувача: {1}\nтелефон: {2}\nTelegram ID: {3}\nпише: {4}\nпроєкт: {5}",
        None = "невідомо",
        Kinds = new() { [MediaKind.Photo] = "фото", [MediaKind.Document] = "документ", [MediaKind.Video] = "відео", [MediaKind.Animation] = "анімація", [MediaKind.Audio] = "аудіо", [MediaKind.Voice] = "голосове повідомлення", [MediaKind.VideoNote] = "відеоповідомлення", [MediaKind.Sticker] = "стикер" },
        Reasons = new(StringComparer.Ordinal)
        {
            [ErrorCodes.AccountNotActive] = "обліковий запис не підключено",
            [ErrorCodes.BotNotActive] = "бота не підключено",
            [ErrorCodes.TelegramSessionExpired] = "сеанс облікового запису завершено; його треба підключити знову",
            [ErrorCodes.TelegramPeerForbidden] = "співрозмовник не приймає повідомлень звідси",
            [ErrorCodes.TelegramPeerUnknown] = "Telegram більше не знає цієї людини",
            [ErrorCodes.TelegramFlood] = "Telegram просить зачекати",
            [ErrorCodes.TelegramUnavailable] = "Telegram недоступний",
            [ErrorCodes.TelegramMessageRejected] = "Telegram не приймає цього повідомлення",
            [ErrorCodes.OutcomeUnknown] = "зв'язок обірвався; перевірте, чи не надійшло воно, перш ніж надсилати знову",
            [ErrorCodes.ServiceUnavailable] = "забагато повідомлень чекає надсилання",
            [ErrorCodes.MediaTooBig] = "файл завеликий, бот не може його передати",
            [ErrorCodes.MediaUnavailable] = "не вдалося завантажити файл із Telegram",
        },
    };

    public required string Edited { get; init; }
    public required string Deleted { get; init; }
    public required string Sending { get; init; }
    public required string Waiting { get; init; }
    public required string Delivered { get; init; }
    public required string Failed { get; init; }

    /// <summary>On the button.</summary>
    public required string Retry { get; init; }
    public required string Fetching { get; init; }
    public required string NotFetched { get; init; }
    public required string TooBig { get; init; }
    public required string NotShown { get; init; }
    public required string EditNotCarried { get; init; }
    public required string MediaNotCarried { get; init; }
    public required string RetryDone { get; init; }
    public required string RetryNotFailed { get; init; }
    public required string RetryNotConnected { get; init; }
    public required string Unknown { get; init; }
    public required string Who { get; init; }
    public required string None { get; init; }
    public required Dictionary<MediaKind, string> Kinds { get; init; }
    public required Dictionary<string, string> Reasons { get; init; }

    public static TopicWords In(GroupLanguage language) => language switch
    {
        GroupLanguage.En => English,
        GroupLanguage.Ru => Russian,
        GroupLanguage.Uk => Ukrainian,
        _ => throw new ArgumentOutOfRangeException(nameof(language), language, "Not a language."),
    };

    /// <summary>Our words for a code, else Telegram's or the service's own.</summary>
    public string Reason(string? code, string? detail) => code is not null && Reasons.TryGetValue(code, out var reason) ? reason : detail ?? code ?? Unknown;
}
