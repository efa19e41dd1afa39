using System.Globalization;
using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Tl;
using Integrations.Sandbox.Telegram.Faults;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Telegram.Server;

/// <summary>Reads a call, peels its wrappers, executes it and serialises the answer in the session's layer.</summary>
internal sealed partial class RpcDispatcher(ILogger<RpcDispatcher> logger)
{
    private const uint InvokeWithLayerId = 0xda9b0d0d;
    private const uint InitConnectionId = 0xc1cd5ea9;
    private const uint InvokeWithoutUpdatesId = 0xbf9459b7;
    private const uint InvokeAfterMsgId = 0xcb9f372d;

    private const int OldestLayer = 144;
    private const int WrapperDepth = 8;

    private readonly Dictionary<Type, Func<RpcCall, TlRequest, object>> _handlers = [];
    private readonly Dictionary<Type, Func<RpcCall, TlRequest, Task<object>>> _laterHandlers = [];
    private readonly Dictionary<uint, ReadCall> _olderCalls = [];

    /// <summary>Reads the fields of a call whose id the schema no longer has.</summary>
    public delegate TlRequest ReadCall(ref TlReader reader);

    /// <summary>Methods that may be called before <c>initConnection</c>.</summary>
    private static bool NeedsNoLayer(TlRequest request) => request is HelpGetConfig or HelpGetNearestDc or AuthBindTempAuthKey;

    /// <summary>Methods that do not ask whose key it is.</summary>
    private static bool NeedsNoPermanentKey(TlRequest request) => request is HelpGetConfig or HelpGetNearestDc or AuthBindTempAuthKey;

    public void Register<TRequest, TResult>(Func<RpcCall, TRequest, TResult> handler)
        where TRequest : TlRequest<TResult>
        where TResult : notnull =>
        _handlers[typeof(TRequest)] = (call, request) => handler(call, (TRequest)request);

    /// <summary>Registers a call whose answer somebody else has to give first. Waiting, it holds no thread, and the calls after it go on.</summary>
    public void RegisterLater<TRequest, TResult>(Func<RpcCall, TRequest, Task<TResult>> handler)
        where TRequest : TlRequest<TResult>
        where TResult : notnull =>
        _laterHandlers[typeof(TRequest)] = async (call, request) => await handler(call, (TRequest)request);

    /// <summary>Registers a call of an older layer that was since renumbered or removed.</summary>
    public void RegisterOlder<TRequest, TResult>(uint id, ReadCall read, Func<RpcCall, TRequest, TResult> handler)
        where TRequest : TlRequest<TResult>
        where TResult : notnull
    {
        _olderCalls[id] = read;
        Register(handler);
    }

    /// <summary>Executes a call.</summary>
    /// <returns>The serialised result or <c>rpc_error</c>; never an exception.</returns>
    public byte[] Execute(RpcCall call, ReadOnlyMemory<byte> body)
    {
        try
        {
            return ExecuteOrThrow(call, body);
        }
        catch (TelegramRefusal refusal)
        {
            return Error(refusal.Code, refusal.Name);
        }
        catch (TlException e)
        {
            LogUnreadable(e, call.Method ?? "?", call.Session.Layer ?? 0);
            return Error(400, e.ConstructorId is { } id ? $"INPUT_CONSTRUCTOR_INVALID_{id:X8}" : "INPUT_FETCH_ERROR");
        }
        catch (Exception e)
        {
            // A bug here must look like Telegram's own: an answer, not a silent client.
            LogFailed(e, call.Method ?? "?");
            return Error(500, "INTERNAL");
        }
    }

    private byte[] ExecuteOrThrow(RpcCall call, ReadOnlyMemory<byte> body)
    {
        call.World.RefuseDeadKey(call.KeyId);
        var reader = new TlReader(body.Span);
        var withUpdates = Unwrap(call, ref reader);
        var request = ReadRequest(call, ref reader);
        call.Method = request.TlName;
        if (call.Parts.TemporaryKeys.IsUnbound(call.Session.KeyId) && !NeedsNoPermanentKey(request))
            throw TelegramRefusal.Unauthorized("AUTH_KEY_PERM_EMPTY");
        if (call.Session.Layer is null && !NeedsNoLayer(request))
            throw TelegramRefusal.BadRequest("CONNECTION_NOT_INITED");
        ApplyFaults(call, request);
        if (call.Disruption is not null)
            return [];
        if (_laterHandlers.TryGetValue(request.GetType(), out var later))
        {
            call.Later = AnswerLaterAsync(call, request, later(call, request));
            return [];
        }

        if (!_handlers.TryGetValue(request.GetType(), out var handler))
            throw UnknownMethod(request.ConstructorId, call);
        var result = handler(call, request);
        if (withUpdates && call.World.IsSignedIn(call.KeyId))
            call.Session.WantsUpdates = true;
        using var writer = new TlWriter(call.Session.Layer ?? SchemaLayer.Current);
        request.WriteAnyResult(writer, result);
        return writer.WrittenSpan.ToArray();
    }

    private async Task<byte[]> AnswerLaterAsync(RpcCall call, TlRequest request, Task<object> pending)
    {
        try
        {
            var result = await pending;
            using var writer = new TlWriter(call.Session.Layer ?? SchemaLayer.Current);
            request.WriteAnyResult(writer, result);
            return writer.WrittenSpan.ToArray();
        }
        catch (TelegramRefusal refusal)
        {
            return Error(refusal.Code, refusal.Name);
        }
        catch (Exception e)
        {
            LogFailed(e, request.TlName);
            return Error(500, "INTERNAL");
        }
    }

    /// <summary>Takes off <c>invokeWithLayer</c>, <c>initConnection</c> and the like, remembering what they say.</summary>
    /// <returns>False when the client wants no updates on this connection.</returns>
    private static bool Unwrap(RpcCall call, ref TlReader reader)
    {
        var withUpdates = true;
        for (var depth = 0; depth < WrapperDepth; depth++)
        {
            switch (reader.PeekId())
            {
                case InvokeWithLayerId:
                    reader.ReadUInt32();
                    var layer = reader.ReadInt32();
                    if (layer < OldestLayer)
                        throw TelegramRefusal.BadRequest("CONNECTION_LAYER_INVALID");
                    call.Session.Layer = Math.Min(layer, SchemaLayer.Current);
                    break;
                case InitConnectionId:
                    ReadInitConnection(call, ref reader);
                    break;
                case InvokeWithoutUpdatesId:
                    reader.ReadUInt32();
                    withUpdates = false;
                    break;
                case InvokeAfterMsgId:
                    // Calls of one session are executed in order anyway.
                    reader.ReadUInt32();
                    reader.ReadInt64();
                    break;
                default:
                    return withUpdates;
            }
        }
        throw TelegramRefusal.BadRequest("INPUT_REQUEST_INVALID");
    }

    private static void ReadInitConnection(RpcCall call, ref TlReader reader)
    {
        reader.ReadUInt32();
        var flags = reader.ReadUInt32();
        var apiId = reader.ReadInt32();
        var info = new DeviceInfo
        {
            ApiId = apiId,
            DeviceModel = reader.ReadString(),
            SystemVersion = reader.ReadString(),
            AppVersion = reader.ReadString(),
            SystemLangCode = reader.ReadString(),
            // The language pack stands between the two and is of no use here.
            LangCode = reader.ReadString() is var _ ? reader.ReadString() : "",
            Layer = call.Session.Layer ?? throw TelegramRefusal.BadRequest("CONNECTION_LAYER_INVALID"),
        };
        if ((flags & 1) != 0)
            reader.ReadObject<InputClientProxy>();
        if ((flags & 2) != 0)
            reader.ReadObject<JSONValue>();
        if (apiId <= 0)
            throw TelegramRefusal.BadRequest("CONNECTION_API_ID_INVALID");
        call.Session.Info = info;
        call.World.DescribeDevice(call.KeyId, info);
    }

    private TlRequest ReadRequest(RpcCall call, ref TlReader reader)
    {
        var id = reader.PeekId();
        TlRequest request;
        if (_olderCalls.TryGetValue(id, out var read))
        {
            reader.ReadUInt32();
            request = read(ref reader);
        }
        else if (TlRegistry.NameOf(id) is null)
        {
            throw UnknownMethod(id, call);
        }
        else
        {
            request = reader.ReadRequest();
        }
        reader.EnsureEnd();
        return request;
    }

    private static void ApplyFaults(RpcCall call, TlRequest request)
    {
        var faults = call.Parts.Faults;
        var person = call.Parts.PersonOf(call.KeyId) ?? PersonNamedIn(call, request);
        var scope = new FaultScope(call.DcId, person, request.TlName);
        if (faults.Take(FaultKind.RpcError, scope) is { Code: { } code, Error: { } name })
            throw new TelegramRefusal(code, name);
        if (faults.Take(FaultKind.FloodWait, scope) is { Seconds: { } flood })
            throw TelegramRefusal.Flood(flood);
        if (faults.Take(FaultKind.SlowmodeWait, scope) is { Seconds: { } slow })
            throw TelegramRefusal.SlowMode(slow);
        if (faults.Take(FaultKind.CloseConnection, scope) is not null)
            call.Disruption = ConnectionEnd.Close;
        else if (faults.Take(FaultKind.ResetConnection, scope) is not null)
            call.Disruption = ConnectionEnd.Reset;
        else if (faults.Take(FaultKind.HalfOpen, scope) is not null)
            call.Disruption = ConnectionEnd.Freeze;
    }

    private static long? PersonNamedIn(RpcCall call, TlRequest request) => request switch
    {
        AuthSendCode sendCode => call.World.FindPhone(sendCode.PhoneNumber)?.Id,
        AuthSignIn signIn => call.World.FindPhone(signIn.PhoneNumber)?.Id,
        _ => null,
    };

    private static TelegramRefusal UnknownMethod(uint id, RpcCall call) =>
        TelegramRefusal.BadRequest(
            string.Create(CultureInfo.InvariantCulture, $"INPUT_METHOD_INVALID_{id}_{call.Session.Layer ?? SchemaLayer.Current}"));

    private static byte[] Error(int code, string name) => new RpcError { ErrorCode = code, ErrorMessage = name }.ToBytes();

    [LoggerMessage(EventId = 6010, Level = LogLevel.Warning, Message = "A call {Method} could not be read or answered at layer {Layer}")]
    private partial void LogUnreadable(Exception exception, string method, int layer);

    [LoggerMessage(EventId = 6011, Level = LogLevel.Error, Message = "The call {Method} failed")]
    private partial void LogFailed(Exception exception, string method);
}
