using System.Text.RegularExpressions;
using Integrations.Mtproto.Schema;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server.Methods;

/// <summary><c>users.*</c> and <c>contacts.*</c>: finding people.</summary>
internal static partial class PeopleMethods
{
    public static void AddPeople(this RpcDispatcher dispatcher)
    {
        dispatcher.Register<UsersGetUsers, IReadOnlyList<UserBase>>((call, request) =>
        {
            var view = new View(call.World, call.User);
            return Show(call, view, [.. request.Id.Select(user => view.User(Peers.Resolve(call, user)))]);
        });
        dispatcher.Register<UsersGetFullUser, UsersUserFull>(GetFullUser);
        dispatcher.Register<ContactsGetContacts, ContactsContactsBase>(GetContacts);
        dispatcher.Register<ContactsImportContacts, ContactsImportedContacts>(ImportContacts);
        dispatcher.Register<ContactsResolveUsername, ContactsResolvedPeer>((call, request) => Resolved(call, FindUsername(call, request.Username)));
        dispatcher.Register<ContactsResolvePhone, ContactsResolvedPeer>((call, request) =>
            Resolved(call, call.World.FindPhone(request.Phone) is { } person ? PeerRef.User(person.Id) : throw TelegramRefusal.BadRequest("PHONE_NOT_OCCUPIED")));
        dispatcher.Register<ContactsSearch, ContactsFound>(Search);
    }

    private static IReadOnlyList<UserBase> Show(RpcCall call, View view, IReadOnlyList<UserBase> users)
    {
        foreach (var user in users.OfType<User>())
            view.Mention(PeerRef.User(user.Id));
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return users;
    }

    private static UsersUserFull GetFullUser(RpcCall call, UsersGetFullUser request)
    {
        var person = Peers.Resolve(call, request.Id);
        var view = new View(call.World, call.User).Mention(PeerRef.User(person.Id));
        return new UsersUserFull
        {
            FullUser = new UserFull
            {
                Id = person.Id,
                Settings = new PeerSettings(),
                NotifySettings = new PeerNotifySettings(),
                CommonChatsCount = 0,
            },
            Chats = view.Chats,
            Users = view.Users,
        };
    }

    private static ContactsContactsBase GetContacts(RpcCall call, ContactsGetContacts request)
    {
        var contacts = call.World.ContactsOf(call.User.Id);
        var view = new View(call.World, call.User);
        foreach (var contact in contacts)
            view.Mention(PeerRef.User(contact.Id));
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return new ContactsContacts
        {
            Contacts = [.. contacts.Select(contact => new Contact { UserId = contact.Id, Mutual = call.World.IsContact(contact.Id, call.User.Id) })],
            SavedCount = contacts.Count,
            Users = view.Users,
        };
    }

    private static ContactsImportedContacts ImportContacts(RpcCall call, ContactsImportContacts request)
    {
        var imported = new List<ImportedContact>();
        var view = new View(call.World, call.User);
        foreach (var entry in request.Contacts.OfType<InputPhoneContact>())
        {
            if (call.World.FindPhone(entry.Phone) is not { } person)
                continue;
            imported.Add(new ImportedContact { UserId = person.Id, ClientId = entry.ClientId });
            view.Mention(PeerRef.User(person.Id));
        }
        call.World.AddContacts(call.User.Id, imported.ConvertAll(contact => contact.UserId));
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return new ContactsImportedContacts { Imported = [.. imported], PopularInvites = [], RetryContacts = [], Users = view.Users };
    }

    private static PeerRef FindUsername(RpcCall call, string username)
    {
        if (call.User is not null && !PublicName().IsMatch(username))
            throw TelegramRefusal.BadRequest("USERNAME_INVALID");
        return call.World.FindUsername(username) ?? throw TelegramRefusal.BadRequest("USERNAME_NOT_OCCUPIED");
    }

    private static ContactsResolvedPeer Resolved(RpcCall call, PeerRef peer)
    {
        var view = new View(call.World, call.User).Mention(peer);
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return new ContactsResolvedPeer { Peer = View.Peer(peer), Chats = view.Chats, Users = view.Users };
    }

    private static ContactsFound Search(RpcCall call, ContactsSearch request)
    {
        var view = new View(call.World, call.User);
        var query = request.Q.TrimStart('@');
        if (query.Length < 3)
            throw TelegramRefusal.BadRequest("QUERY_TOO_SHORT");
        var found = call.World.People()
            .Where(person => Matches(person, query))
            .Take(Math.Clamp(request.Limit, 1, 50))
            .Select(person => PeerRef.User(person.Id))
            .ToList();
        var mine = found.Where(peer => call.World.IsContact(call.User.Id, peer.Id)).ToList();
        foreach (var peer in found)
            view.Mention(peer);
        call.Session.KnownPeers.UnionWith(view.Mentioned);
        return new ContactsFound
        {
            MyResults = [.. mine.Select(View.Peer)],
            Results = [.. found.Except(mine).Select(View.Peer)],
            Chats = view.Chats,
            Users = view.Users,
        };
    }

    private static bool Matches(Person person, string query) =>
        person.Username?.Contains(query, StringComparison.OrdinalIgnoreCase) == true
        || $"{person.FirstName} {person.LastName}".Contains(query, StringComparison.OrdinalIgnoreCase);

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_]{3,31}$")]
    private static partial Regex PublicName();
}
