namespace Integrations.Workers.WorkingGroups;

/// <summary>What we say in a topic of our own accord, as the rows name it.</summary>
internal static class TopicNotes
{
    public const string Who = "who";
    public const string EditNotCarried = "edit_not_carried";
    public const string MediaNotCarried = "media_not_carried";
    public const string RetryDone = "retry_done";
    public const string RetryNotFailed = "retry_not_failed";
    public const string RetryNotConnected = "retry_not_connected";
}
