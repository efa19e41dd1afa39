using System.ComponentModel.DataAnnotations;

namespace Integrations.Core.Messaging;

/// <summary>How the doorbell treats its broker. The address is <c>ConnectionStrings:rabbitmq</c>, an AMQP URI.</summary>
public sealed class DoorbellOptions
{
    public const string Section = "Doorbell";

    /// <summary>Rings that may wait for the broker. More are dropped: each is only a hint, and the polls cover it.</summary>
    [Range(1, 1_000_000)]
    public int Capacity { get; set; } = 4096;

    /// <summary>The longest pause between two attempts to connect; the first is a tenth of a second, each next one twice as long.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:10:00")]
    public TimeSpan MaxReconnectDelay { get; set; } = TimeSpan.FromSeconds(5);
}
