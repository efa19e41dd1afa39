using System.Buffers.Binary;
using System.Security.Cryptography;
using Integrations.Mtproto.Crypto;

namespace Integrations.Sandbox.Telegram.World;

/// <summary>
/// The people, chats and sessions of one simulated Telegram, without any wire: what an account does, and what the others then see.
/// </summary>
/// <remarks>
/// Every public member takes the one lock; commands validate, commit exactly one event to the journal and to memory, and publish what
/// clients are told while still holding the lock, so that notices come in the order of events. Subscribers must not block.
/// </remarks>
internal sealed partial class TelegramWorld : IDisposable
{
    private static readonly TimeSpan SeedAge = TimeSpan.FromDays(1);

    private readonly Lock _gate = new();
    private readonly WorldState _state;
    private readonly WorldJournal? _journal;
    private readonly SandboxTelegramOptions _options;
    private readonly TimeProvider _time;
    private readonly IRandomSource _random;
    private readonly ChangeSignal _changes;
    private readonly List<WorldNotice> _notices = [];
    private Action<WorldNotice>? _subscribers;

    /// <summary>Opens the world of <see cref="SandboxTelegramOptions.Directory"/>, or seeds a new one.</summary>
    public TelegramWorld(SandboxTelegramOptions options, TimeProvider time, IRandomSource random)
    {
        _options = options;
        Files = new FileStore(options.Directory);
        _time = time;
        _random = random;
        // Begins with the time, so that a number seen before a restart is not taken for one after it.
        _changes = new ChangeSignal(time.GetUtcNow().ToUnixTimeMilliseconds());
        if (options.Directory is { } directory)
            (_journal, _state) = WorldJournal.Open(directory);
        else
            _state = new WorldState();
        _state.RandomIdMemory = options.RandomIdMemory;
        if (_state.People.Count == 0)
        {
            // What people said before anybody connects is history, which no client takes for something it missed.
            Commit(Seed.Create(options, (int)(time.GetUtcNow() - SeedAge).ToUnixTimeSeconds()));
        }

        if (!_state.People.ContainsKey(Seed.BotFather))
            Commit(new BotMade(Seed.MakeBotFather()));
    }

    /// <summary>Raised after every event, for those who look again instead of following what happened.</summary>
    public ChangeSignal Changes => _changes;

    /// <summary>What the world's clock says.</summary>
    public DateTimeOffset Time => Now;

    /// <summary>Calls a subscriber with every notice from now on, under the world's lock.</summary>
    public void Subscribe(Action<WorldNotice> subscriber)
    {
        lock (_gate)
            _subscribers += subscriber;
    }

    public void Unsubscribe(Action<WorldNotice> subscriber)
    {
        lock (_gate)
            _subscribers -= subscriber;
    }

    /// <summary>Everybody but the bots.</summary>
    public IReadOnlyList<Person> People()
    {
        lock (_gate)
            return [.. _state.People.Values.Where(person => person.Bot is null).OrderBy(person => person.Id)];
    }

    public Person? FindPerson(long id)
    {
        lock (_gate)
            return _state.People.GetValueOrDefault(id);
    }

    public BasicGroup? FindGroup(long id)
    {
        lock (_gate)
            return _state.Groups.GetValueOrDefault(id);
    }

    public ChannelRoom? FindChannel(long id)
    {
        lock (_gate)
            return _state.Channels.GetValueOrDefault(id);
    }

    public PeerRef? FindUsername(string username)
    {
        lock (_gate)
            return _state.Usernames.TryGetValue(username.ToLowerInvariant(), out var peer) ? peer : null;
    }

    public Person? FindPhone(string phone)
    {
        lock (_gate)
            return _state.PhoneBook.TryGetValue(Digits(phone), out var id) ? _state.People[id] : null;
    }

    public bool IsContact(long ownerId, long otherId)
    {
        lock (_gate)
            return _state.People[ownerId].Contacts.Contains(otherId);
    }

    public IReadOnlyList<Person> ContactsOf(long userId)
    {
        lock (_gate)
            return [.. _state.People[userId].Contacts.Order().Select(id => _state.People[id])];
    }

    /// <summary>Saves people in somebody's phone book.</summary>
    public void AddContacts(long userId, IReadOnlyCollection<long> contactIds)
    {
        lock (_gate)
        {
            var added = contactIds.Where(id => id != userId && !_state.People[userId].Contacts.Contains(id)).Distinct().ToArray();
            if (added.Length > 0)
                Commit(new ContactsAdded(userId, added));
        }
    }

    /// <summary>The number with which one account proves that it has met a person or channel. It differs for every viewer.</summary>
    public long AccessHash(long viewerId, PeerRef peer)
    {
        Span<byte> input = stackalloc byte[20];
        BinaryPrimitives.WriteInt64LittleEndian(input, viewerId);
        BinaryPrimitives.WriteInt64LittleEndian(input[8..], peer.Id);
        BinaryPrimitives.WriteInt32LittleEndian(input[16..], (int)peer.Kind);
        return Derive(input);
    }

    public void Dispose()
    {
        lock (_gate)
            _journal?.Dispose();
        Files.Dispose();
    }

    private long Derive(ReadOnlySpan<byte> input)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(_state.Secret, input, hash);
        return BinaryPrimitives.ReadInt64LittleEndian(hash);
    }

    /// <summary>Journals, applies and tells, in this order. The caller holds the lock, or is the constructor.</summary>
    private void Commit(WorldEvent worldEvent, Origin? origin = null)
    {
        _journal?.Append(worldEvent);
        _state.Apply(worldEvent, origin, _notices);
        if (_journal is not null && _journal.Length > _options.JournalLimit)
            _journal.Compact(_state);
        Publish();
        _changes.Raise();
    }

    private void Publish()
    {
        if (_subscribers is { } subscribers)
        {
            foreach (var notice in _notices)
                subscribers(notice);
        }
        _notices.Clear();
    }

    private Person PersonOf(long id) =>
        _state.People.GetValueOrDefault(id) ?? throw TelegramRefusal.BadRequest("USER_ID_INVALID");

    private DateTimeOffset Now => _time.GetUtcNow();

    private int UnixNow => (int)Now.ToUnixTimeSeconds();

    private long RandomInt64()
    {
        Span<byte> bytes = stackalloc byte[8];
        _random.Fill(bytes);
        return BinaryPrimitives.ReadInt64LittleEndian(bytes);
    }

    private byte[] RandomBytes(int count)
    {
        var bytes = new byte[count];
        _random.Fill(bytes);
        return bytes;
    }

    private static string Digits(string phone) => string.Concat(phone.Where(char.IsAsciiDigit));
}
