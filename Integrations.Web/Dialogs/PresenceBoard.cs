using Integrations.Web.Api;

namespace Integrations.Web.Dialogs;

/// <summary>Who of the colleagues is at which dialog, as the events told it. Whoever vanished without a word is found out by <see cref="Replace"/>.</summary>
public sealed class PresenceBoard(int? reader)
{
    private readonly Dictionary<(Guid Dialog, int User), Present> _there = [];

    public bool IsEmpty => _there.Count == 0;

    /// <summary>Those at a dialog, without the reader; who is typing comes first.</summary>
    public IReadOnlyList<Present> At(Guid dialog) =>
        [.. _there.Values.Where(one => one.DialogId == dialog).OrderByDescending(one => one.State == "typing").ThenBy(one => one.Name, StringComparer.CurrentCulture)];

    /// <summary>True when the event was about presence and changed something.</summary>
    internal bool Take(LiveEvent received)
    {
        if (received.Type != "dialog.presence" || received.As<Present>() is not { } one || one.UserId == reader)
            return false;
        if (one.State == "left")
            return _there.Remove((one.DialogId, one.UserId));
        _there[(one.DialogId, one.UserId)] = one;
        return true;
    }

    /// <summary>What is so now.</summary>
    public void Replace(IEnumerable<Present> there)
    {
        ArgumentNullException.ThrowIfNull(there);
        _there.Clear();
        foreach (var one in there.Where(one => one.UserId != reader))
            _there[(one.DialogId, one.UserId)] = one;
    }
}
