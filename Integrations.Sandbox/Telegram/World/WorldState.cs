using System.Text.Json.Serialization;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>Everything the world remembers. Changed only by <see cref="WorldState.Apply"/>, so that memory and journal cannot differ.</summary>
internal sealed partial class WorldState
{
    /// <summary>From which access hashes and server salts are derived.</summary>
    public byte[] Secret { get; set; } = [];

    /// <summary>Counts forced salt rotations.</summary>
    public int SaltGeneration { get; set; }

    /// <summary>The last number given to a message across all boxes.</summary>
    public long LastUid { get; set; }

    public Dictionary<long, Person> People { get; init; } = [];

    public Dictionary<long, BasicGroup> Groups { get; init; } = [];

    public Dictionary<long, ChannelRoom> Channels { get; init; } = [];

    public Dictionary<long, StoredKey> Keys { get; init; } = [];

    /// <summary>By phone, oldest first; also for numbers that nobody has, since Telegram sends codes to those too.</summary>
    public Dictionary<string, List<LoginCode>> Codes { get; init; } = [];

    /// <summary>By the token in hex.</summary>
    public Dictionary<string, QrToken> QrTokens { get; init; } = [];

    /// <summary>Photos and documents; their bytes are in <see cref="FileStore"/>.</summary>
    public Dictionary<long, WorldFile> Files { get; init; } = [];

    /// <summary>By hash.</summary>
    public Dictionary<string, Invite> Invites { get; init; } = [];

    /// <summary>Messages that wait for their time, of each person.</summary>
    public Dictionary<long, List<ScheduledMessage>> Scheduled { get; init; } = [];

    [JsonIgnore]
    public Dictionary<string, long> PhoneBook { get; } = [];

    /// <summary>Public names, in lower case, of people and channels.</summary>
    [JsonIgnore]
    public Dictionary<string, PeerRef> Usernames { get; } = [];

    /// <summary>Keys of the signed-in devices of each person.</summary>
    [JsonIgnore]
    public Dictionary<long, HashSet<long>> DevicesOf { get; } = [];

    /// <summary>Where the copies of each message stand: box owner (a person's id, or 0 for a channel's own box) and number.</summary>
    [JsonIgnore]
    public Dictionary<long, List<(long Owner, int Id)>> Copies { get; } = [];

    /// <summary>Rebuilds what is derived, after the state was read from a snapshot.</summary>
    public void Index()
    {
        foreach (var person in People.Values)
        {
            IndexPerson(person);
            foreach (var message in person.Box.Messages.Where(message => !message.Deleted))
                RememberCopy(message.Uid, person.Id, message.Id);
        }
        foreach (var channel in Channels.Values)
        {
            IndexChannel(channel);
            foreach (var message in channel.Box.Messages.Where(message => !message.Deleted))
                RememberCopy(message.Uid, 0, message.Id);
        }
        foreach (var key in Keys.Values)
        {
            if (key.Device is { } device)
                DevicesFor(device.UserId).Add(key.Id);
        }
    }

    public HashSet<long> DevicesFor(long userId)
    {
        if (!DevicesOf.TryGetValue(userId, out var keys))
            DevicesOf[userId] = keys = [];
        return keys;
    }

    /// <summary>The number under which a box holds a message, or null.</summary>
    public int? CopyIn(long owner, long uid)
    {
        if (!Copies.TryGetValue(uid, out var copies))
            return null;
        foreach (var (copyOwner, id) in copies)
        {
            if (copyOwner == owner)
                return id;
        }
        return null;
    }

    private void IndexPerson(Person person)
    {
        if (person.Bot is null)
            PhoneBook[person.Phone] = person.Id;
        if (person.Username is { } username)
            Usernames[username.ToLowerInvariant()] = PeerRef.User(person.Id);
    }

    private void IndexChannel(ChannelRoom channel)
    {
        if (channel.Username is { } username)
            Usernames[username.ToLowerInvariant()] = channel.Peer;
    }

    private void RememberCopy(long uid, long owner, int id)
    {
        if (!Copies.TryGetValue(uid, out var copies))
            Copies[uid] = copies = new List<(long, int)>(2);
        copies.Add((owner, id));
    }
}
