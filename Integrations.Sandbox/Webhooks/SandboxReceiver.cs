using System.Globalization;
using System.Text;
using Integrations.Sandbox.Telegram.World;

namespace Integrations.Sandbox.Webhooks;

/// <summary>
/// One simulated receiver of webhooks: it checks what comes by Standard Webhooks 1.0.0, knows repetitions by their id, writes everything down, and
/// does wrong what it is told to.
/// </summary>
/// <remarks>What is written down is bounded; the counts go on.</remarks>
public sealed class SandboxReceiver
{
    /// <summary>Deliveries that are kept, the latest ones.</summary>
    public const int KeptDeliveries = 10_000;

    /// <summary>Ids by which repetitions are known, the latest ones.</summary>
    public const int KeptIds = 1_000_000;

    /// <summary>Bytes of bodies that are kept, of the latest deliveries.</summary>
    private const int KeptBytes = 16 << 20;

    private const int MaxBehaviours = 1000;
    private const int MaxHeader = 256;
    private const int MaxSignatures = 32;

    private static readonly ReceiverBehaviour Healthy = new();

    private readonly Lock _gate = new();
    private readonly TimeProvider _time;
    private readonly ReceiverKey[] _keys;
    private readonly Queue<ReceiverBehaviour> _behaviours = new();
    private readonly Queue<ReceivedDelivery> _deliveries = new();
    private readonly Queue<ReceivedDelivery> _withBody = new();
    private readonly HashSet<string> _accepted = new(StringComparer.Ordinal);
    private readonly Queue<string> _acceptedInOrder = new();
    private readonly long[] _counts = new long[Enum.GetValues<DeliveryVerdict>().Length];
    private readonly ChangeSignal _changes = new(0);
    private int _left;
    private int _bodyBytes;
    private long _last;
    private long _second;
    private int _withinSecond;

    internal SandboxReceiver(string name, ReceiverSettings settings, TimeProvider time)
    {
        (Name, Settings, _time) = (name, settings, time);
        _keys = [.. settings.Keys.Select(ReceiverKey.Read)];
    }

    /// <summary>The last part of its address.</summary>
    public string Name { get; }

    public ReceiverSettings Settings { get; }

    /// <summary>The deliveries that are kept, oldest first.</summary>
    public IReadOnlyList<ReceivedDelivery> Deliveries
    {
        get
        {
            lock (_gate)
                return [.. _deliveries];
        }
    }

    public ReceiverCounts Counts
    {
        get
        {
            lock (_gate)
                return new ReceiverCounts(Enum.GetValues<DeliveryVerdict>().ToDictionary(verdict => verdict, verdict => _counts[(int)verdict]));
        }
    }

    /// <summary>What it does from the next delivery on: one behaviour after the other, each for its <see cref="ReceiverBehaviour.Times"/>, then health.</summary>
    /// <exception cref="ArgumentException">A field is out of its range; the message names it.</exception>
    public void Behave(params IReadOnlyList<ReceiverBehaviour> behaviours)
    {
        ArgumentNullException.ThrowIfNull(behaviours);
        if (behaviours.Count > MaxBehaviours)
            throw new ArgumentException($"There may be at most {MaxBehaviours} behaviours.", nameof(behaviours));
        if (behaviours.Select(behaviour => behaviour is null ? "A behaviour is missing." : behaviour.Problem()).FirstOrDefault(problem => problem is not null) is { } wrong)
            throw new ArgumentException(wrong, nameof(behaviours));

        lock (_gate)
        {
            _behaviours.Clear();
            foreach (var behaviour in behaviours)
                _behaviours.Enqueue(behaviour);
            _left = behaviours is [var first, ..] ? first.Times : 0;
        }
    }

    /// <summary>Forgets deliveries, ids and counts; numbers go on.</summary>
    public void Forget()
    {
        lock (_gate)
        {
            _deliveries.Clear();
            _withBody.Clear();
            _bodyBytes = 0;
            _accepted.Clear();
            _acceptedInOrder.Clear();
            Array.Clear(_counts);
        }
    }

    /// <summary>Waits until the counts are so; asked again after each delivery.</summary>
    public async Task<ReceiverCounts> WaitAsync(Predicate<ReceiverCounts> isSo, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(isSo);
        while (true)
        {
            var seen = _changes.Version;
            var counts = Counts;
            if (isSo(counts))
                return counts;
            await _changes.ChangedSinceAsync(seen, cancellationToken);
        }
    }

    /// <summary>The behaviour that the next delivery meets.</summary>
    internal ReceiverBehaviour Next()
    {
        lock (_gate)
        {
            if (!_behaviours.TryPeek(out var behaviour))
                return Healthy;
            if (behaviour.Times > 0 && --_left == 0)
            {
                _behaviours.Dequeue();
                _left = _behaviours.TryPeek(out var next) ? next.Times : 0;
            }

            return behaviour;
        }
    }

    /// <summary>False when this second's deliveries are used up.</summary>
    internal bool IsWithinLimit()
    {
        if (Settings.PerSecond == 0)
            return true;

        var second = _time.GetUtcNow().ToUnixTimeSeconds();
        lock (_gate)
        {
            if (second != _second)
                (_second, _withinSecond) = (second, 0);
            return ++_withinSecond <= Settings.PerSecond;
        }
    }

    /// <summary>What is wrong with a delivery by itself, or null.</summary>
    internal DeliveryVerdict? Check(string id, string timestamp, string signature, ReadOnlySpan<byte> body)
    {
        // A careless receiver still tells deliveries apart.
        if (id.Length is 0 or > MaxHeader)
            return DeliveryVerdict.Unsigned;

        if (Settings.ChecksSignature)
        {
            if (timestamp.Length is 0 or > MaxHeader || signature.Length == 0)
                return DeliveryVerdict.Unsigned;
            if (!IsSigned(id, timestamp, signature, body))
                return DeliveryVerdict.Forged;
        }

        if (!Settings.ChecksAge)
            return null;
        if (!long.TryParse(timestamp, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds))
            return DeliveryVerdict.Unsigned;

        var now = _time.GetUtcNow().ToUnixTimeSeconds();
        var tolerance = (long)Settings.Tolerance.TotalSeconds;
        return seconds < now - tolerance || seconds > now + tolerance ? DeliveryVerdict.Stale : null;
    }

    /// <summary>Whether it was accepted before; if not, it is now.</summary>
    internal bool Accept(string id)
    {
        lock (_gate)
        {
            if (!_accepted.Add(id))
                return false;
            _acceptedInOrder.Enqueue(id);
            if (_acceptedInOrder.Count > KeptIds)
                _accepted.Remove(_acceptedInOrder.Dequeue());
            return true;
        }
    }

    internal void Record(ReceivedDelivery delivery)
    {
        lock (_gate)
        {
            delivery.Number = ++_last;
            _counts[(int)delivery.Verdict]++;
            _deliveries.Enqueue(delivery);
            _withBody.Enqueue(delivery);
            _bodyBytes += delivery.KeptBytes;
            if (_deliveries.Count > KeptDeliveries)
                _deliveries.Dequeue();
            while (_withBody.Count > KeptDeliveries || _bodyBytes > KeptBytes)
            {
                var oldest = _withBody.Dequeue();
                _bodyBytes -= oldest.KeptBytes;
                oldest.ForgetBody();
            }
        }

        _changes.Raise();
    }

    private bool IsSigned(string id, string timestamp, string signature, ReadOnlySpan<byte> body)
    {
        List<(string Version, byte[] Bytes)> signatures = [];
        foreach (var item in signature.Split(' ', MaxSignatures + 1, StringSplitOptions.RemoveEmptyEntries).Take(MaxSignatures))
        {
            // An item without a comma, or that is no base64, is passed over: it may be of a version to come.
            if (item.Split(',') is [var version, var text] && ReceiverKey.Base64(text) is { } bytes)
                signatures.Add((version, bytes));
        }

        byte[] content = [.. Encoding.UTF8.GetBytes(id), (byte)'.', .. Encoding.UTF8.GetBytes(timestamp), (byte)'.', .. body];
        return signatures.Count > 0 && Array.Exists(_keys, key => key.HasSigned(content, signatures));
    }
}
