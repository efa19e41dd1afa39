using Integrations.Mtproto.Schema;
using Integrations.Mtproto.Session;
using Integrations.Mtproto.Tl;

namespace Integrations.Mtproto.Tests.Session;

/// <summary>A session against a scripted server, with a clock that the test moves.</summary>
public abstract class SessionTest : IAsyncDisposable
{
    private MtprotoSession? _session;

    private protected SessionTest() => Server = new ScriptedServer(Clock);

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected static UpdatesState AState { get; } = new() { Pts = 5, Qts = 1, Date = 1_700_000_000, Seq = 2, UnreadCount = 0 };

    private protected TestClock Clock { get; } = new();

    private protected ScriptedServer Server { get; }

    protected MtprotoSession Session => _session ?? Start();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_session is not null)
            await _session.DisposeAsync();
        await Server.DisposeAsync();
    }

    private protected MtprotoSession Start(Action<MtprotoSessionBuilder>? configure = null)
    {
        _session = Server.CreateSession(configure);
        _session.Start();
        return _session;
    }

    private protected Task<UpdatesState> Call(CancellationToken? cancellation = null) => Session.InvokeAsync(new UpdatesGetState(), cancellation ?? Token);

    /// <summary>Makes a call and waits until the server has it.</summary>
    private protected async Task<(Task<UpdatesState> Call, ClientMessage Received)> CallAsync(CancellationToken? cancellation = null)
    {
        var call = Call(cancellation);
        return (call, await Server.NextAsync<UpdatesGetState>());
    }

    private protected async Task<SessionNotice?> NoticeAsync() =>
        await Session.NextNoticeAsync(Token).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Token);

    /// <summary>Waits until the session has received everything that the server has sent so far.</summary>
    private protected async Task SettleAsync()
    {
        await Server.SendAsync(new UpdatesTooLong(), contentRelated: false);
        while (await NoticeAsync() is not UpdatesReceived)
        {
            // Notices of other kinds come first.
        }
    }

    /// <summary>Moves the clock once the session has asked for a timer that this will fire.</summary>
    private protected async Task PassAsync(TimeSpan time)
    {
        await Clock.WhenTimerAsync(time, Token).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Clock.Advance(time);
    }

    /// <summary>invokeWithLayer and initConnection without their query.</summary>
    private protected static byte[] Introduction()
    {
        var empty = new NoQuery();
        return new InvokeWithLayer
        {
            Layer = SchemaLayer.Current,
            Query = new InitConnection
            {
                ApiId = 1,
                DeviceModel = "test",
                SystemVersion = "1",
                AppVersion = "1",
                SystemLangCode = "en",
                LangPack = string.Empty,
                LangCode = "en",
                Query = empty,
            },
        }.ToBytes();
    }

    private sealed class NoQuery : TlRequest
    {
        public override uint ConstructorId => 0;

        public override string TlName => "none";

        public override void Write(TlWriter writer)
        {
        }

        public override object ReadAnyResult(ref TlReader reader) => throw new NotSupportedException();

        public override void WriteAnyResult(TlWriter writer, object result) => throw new NotSupportedException();
    }
}
