using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>The world as it begins: always the same people, rooms and salts.</summary>
internal static class Seed
{
    public const long Anna = 1000001;
    public const long Boris = 1000002;
    public const long Vera = 1000003;
    public const long Gleb = 1000004;
    public const long Dana = 1000005;
    public const long Egor = 1000006;
    public const long Zoya = 1000007;
    public const long Mila = 1000008;

    /// <summary>The bot by which people make bots; it has the number that it has at Telegram.</summary>
    public const long BotFather = 93372553;

    /// <summary>The basic group of anna, boris, vera and dana.</summary>
    public const long Office = 2001;

    /// <summary>The supergroup of everybody.</summary>
    public const long Town = 3000001;

    /// <summary>The channel in which only anna posts.</summary>
    public const long News = 3000002;

    private const long FirstExtraPerson = 1001000;
    private const int FirstExtraPhone = 5000;

    // Stretching a password is slow on purpose, and it comes out the same for every world of this process.
    private static readonly ConcurrentDictionary<long, CloudPassword> Passwords = new();

    public static WorldFounded Create(SandboxTelegramOptions options, int date)
    {
        Person[] people =
        [
            Named(Anna, "Anna", "Abramova", "anna", 2, 1, [Boris, Vera]),
            Named(Boris, "Boris", "Belov", "boris", 2, 2, [Anna]),
            Named(Vera, "Vera", "Voronina", "vera", 2, 3, [Anna], "correct horse", "A horse, and how it is"),
            Named(Gleb, "Gleb", "Gusev", "gleb", 1, 4, []),
            Named(Dana, "Dana", "Danilova", "dana", 2, 5, [], "battery staple", null, "dana@example.org"),
            Named(Egor, "Egor", "Ershov", "egor", 2, 6, []),
            Named(Zoya, "Zoya", "Zimina", "zoya", 2, 7, []),
            Named(Mila, "Mila", null, null, 1, 8, [], "one two three"),
        ];
        var everybody = people.Select(person => person.Id).ToArray();
        var extra = Enumerable.Range(0, options.ExtraPeople).Select(Extra);
        return new WorldFounded(
            SHA256.HashData("sandbox world"u8),
            [.. people, .. extra],
            [new BasicGroup { Id = Office, Title = "Office", CreatorId = Anna, Date = date, Members = [Anna, Boris, Vera, Dana] }],
            [
                Room(Town, "Town square", "town_square", "Where everybody meets", false, Boris, date, everybody),
                Room(News, "Town news", "town_news", "What happened in the town", true, Anna, date, everybody),
            ],
            [
                Service(1, Anna, PeerRef.Group(Office), ServiceAction.GroupCreated, date),
                Text(2, Boris, PeerRef.Group(Office), "Good morning, everyone.", date),
                Service(3, Boris, PeerRef.Channel(Town), ServiceAction.ChannelCreated, date),
                Text(4, Vera, PeerRef.Channel(Town), "Is anybody here?", date),
                Service(5, Anna, PeerRef.Channel(News), ServiceAction.ChannelCreated, date),
                Text(6, Anna, PeerRef.Channel(News), "The town has a square now.", date),
            ]);
    }

    /// <summary>BotFather, who is no part of the founding: a world founded before he was thought of gets him too.</summary>
    public static Person MakeBotFather() => new()
    {
        Id = BotFather,
        FirstName = "BotFather",
        Username = "BotFather",
        Phone = "",
        DcId = SandboxTelegram.MainDc,
        Bot = new Bot { OwnerId = BotFather, Secret = "" },
    };

    private static Person Named(
        long id, string firstName, string? lastName, string? username, int dcId, int number, long[] contacts,
        string? password = null, string? hint = null, string? email = null) => new()
        {
            Id = id,
            FirstName = firstName,
            LastName = lastName,
            Username = username,
            DcId = dcId,
            Phone = Phone(dcId, number),
            Contacts = [.. contacts],
            Password = password is null ? null : Passwords.GetOrAdd(id, _ => CloudPassword.From(password, Salt(id, "salt1"), Salt(id, "salt2"), hint)),
            RecoveryEmail = email,
        };

    private static Person Extra(int index) => new()
    {
        Id = FirstExtraPerson + index,
        FirstName = "Person",
        LastName = (index + 1).ToString(CultureInfo.InvariantCulture),
        Username = string.Create(CultureInfo.InvariantCulture, $"person{index + 1}"),
        DcId = 2,
        Phone = Phone(2, FirstExtraPhone + index),
    };

    private static ChannelRoom Room(
        long id, string title, string username, string about, bool broadcast, long creatorId, int date, long[] members) => new()
        {
            Id = id,
            Title = title,
            Username = username,
            About = about,
            Broadcast = broadcast,
            CreatorId = creatorId,
            Date = date,
            Members = members.ToDictionary(member => member, _ => new ChannelMember { JoinedDate = date }),
        };

    private static MessageSent Text(long uid, long fromId, PeerRef peer, string text, int date) =>
        new() { Uid = uid, FromId = fromId, Peer = peer, Text = text, Date = date };

    private static MessageSent Service(long uid, long fromId, PeerRef peer, ServiceAction action, int date) =>
        new() { Uid = uid, FromId = fromId, Peer = peer, Action = action, Date = date };

    /// <summary>Telegram's own form for test numbers: 99966, the data centre, four digits.</summary>
    private static string Phone(int dcId, int number) => string.Create(CultureInfo.InvariantCulture, $"99966{dcId}{number:D4}");

    private static byte[] Salt(long id, string use) =>
        SHA256.HashData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{use} of {id}")))[..16];
}
