using Integrations.Mtproto.Transport;
using Microsoft.Extensions.Logging;

namespace Integrations.Mtproto.Session;

// auth_key_id and msg_id identify; bodies, salts and session ids never appear.
public sealed partial class MtprotoSession
{
    [LoggerMessage(EventId = 6001, Level = LogLevel.Debug, Message = "Connected with key {AuthKeyId} over {Transport}")]
    private partial void LogConnected(long authKeyId, TransportFormat transport);

    [LoggerMessage(EventId = 6002, Level = LogLevel.Information, Message = "The connection of key {AuthKeyId} was lost after {ElapsedMs} ms: {Reason}")]
    private partial void LogConnectionLost(long authKeyId, long elapsedMs, string reason);

    [LoggerMessage(EventId = 6003, Level = LogLevel.Information, Message = "Connecting with key {AuthKeyId} failed: {Reason}")]
    private partial void LogConnectFailed(long authKeyId, string reason);

    [LoggerMessage(EventId = 6004, Level = LogLevel.Error, Message = "The session of key {AuthKeyId} failed")]
    private partial void LogSessionFailed(Exception exception, long authKeyId);

    [LoggerMessage(EventId = 6005, Level = LogLevel.Warning, Message = "The session of key {AuthKeyId} begins anew")]
    private partial void LogSessionRestarted(long authKeyId);

    [LoggerMessage(EventId = 6006, Level = LogLevel.Information, Message = "The server rejected message {MessageId} of key {AuthKeyId} with code {Code}")]
    private partial void LogRejected(long authKeyId, long messageId, int code);

    [LoggerMessage(EventId = 6007, Level = LogLevel.Trace, Message = "Message {MessageId} for key {AuthKeyId} is ignored: {Reason}")]
    private partial void LogMessageIgnored(long authKeyId, long messageId, string reason);

    [LoggerMessage(EventId = 6008, Level = LogLevel.Warning, Message = "Message {MessageId} for key {AuthKeyId} cannot be read: {Name}")]
    private partial void LogMessageUnreadable(Exception exception, long authKeyId, long messageId, string name);

    [LoggerMessage(EventId = 6030, Level = LogLevel.Debug, Message = "The session goes on under temporary key {AuthKeyId}")]
    private partial void LogKeyRenewed(long authKeyId);

    [LoggerMessage(EventId = 6031, Level = LogLevel.Information, Message = "The key after temporary key {AuthKeyId} could not be made; another try follows")]
    private partial void LogRenewalFailed(Exception exception, long authKeyId);

    [LoggerMessage(EventId = 6009, Level = LogLevel.Trace, Message = "{Method} of key {AuthKeyId} was answered by message {MessageId}, error {Error}")]
    private partial void LogAnswered(long authKeyId, string method, long messageId, string? error);
}
