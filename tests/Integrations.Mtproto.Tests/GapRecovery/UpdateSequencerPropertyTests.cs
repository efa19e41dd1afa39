using Integrations.Mtproto.GapRecovery;
using Integrations.Mtproto.Schema;
using Integrations.Testing;

namespace Integrations.Mtproto.Tests.GapRecovery;

/// <summary>
/// A server that slices and forgets differences and cuts people down, a network that loses, repeats and reorders, and a client that fails
/// to commit and crashes: whatever happens, every message that was sent is saved once, in the order of its chat.
/// </summary>
public sealed class UpdateSequencerPropertyTests
{
    private const int SeedsInBlock = 60;

    public static TheoryData<int> Blocks => new(Enumerable.Range(0, LongRun.Rounds(10, 250)));

    [Theory]
    [MemberData(nameof(Blocks))]
    public void Every_message_is_saved_once_and_in_the_order_of_its_chat(int block)
    {
        for (var seed = block * SeedsInBlock; seed < (block + 1) * SeedsInBlock; seed++)
            new Run(seed).Execute();
    }

    private sealed class Run
    {
        private readonly int _seed;
        private readonly Random _random;
        private readonly TestClock _clock = new();
        private readonly ModelServer _server;
        private readonly UpdateSequencerOptions _options;
        private readonly double _loss;

        // The database: what a crash leaves.
        private readonly List<(PeerKey Chat, int Id)> _saved = [];
        private readonly HashSet<PeerKey> _peers = [];
        private readonly bool _isForgetful;
        private UpdateState _state;

        private readonly List<UpdatesBase> _network = [];
        private readonly List<UpdateRequest> _asked = [];
        private readonly Queue<Action> _answers = [];
        private UpdateSequencer _sequencer;
        private int _requests;

        public Run(int seed)
        {
            _seed = seed;
            _random = new Random(seed);
            _isForgetful = seed % 3 == 0;
            _server = new ModelServer(_random, _isForgetful);
            _loss = _random.Next(4) switch
            {
                0 => 0,
                1 => 0.05,
                _ => 0.3,
            };
            _options = new() { MaxQueued = _random.Next(2) == 0 ? 12 : 1000, MaxBatch = _random.Next(1, 20), MaxChannelRequests = _random.Next(1, 4) };
            _state = ModelServer.Start();
            for (var i = 0; i < ModelServer.Channels; i++)
                _peers.Add(new(PeerKind.Channel, ModelServer.FirstChannel + i));
            _sequencer = Restart();
        }

        public void Execute()
        {
            for (var step = 0; step < 300; step++)
                Step();

            // The network becomes good: what is under way arrives, and the server is asked once more, as after a reconnection.
            while (_network.Count > 0)
                Arrive(lossy: false);
            _sequencer.Reconnected();
            for (var round = 0; !IsQuiet(); round++)
            {
                Assert.True(round < 2000, $"seed {_seed}: the exchange does not end");
                Commit(mayFail: false);
                Ask();
                while (_asked.Count > 0)
                    Answer(mayFail: false);
                while (_answers.TryDequeue(out var answer))
                    answer();
                _clock.Advance(TimeSpan.FromMilliseconds(600));
            }

            Verify();
        }

        private void Step()
        {
            switch (_random.Next(13))
            {
                case 0 or 1 or 2:
                    _network.AddRange(_server.Happen());
                    break;
                case 3 or 4 or 5:
                    Arrive(lossy: true);
                    break;
                case 6 or 7:
                    Commit(mayFail: true);
                    break;
                case 8:
                    Ask();
                    break;
                case 9:
                    Answer(mayFail: true);
                    break;
                case 10:
                    if (_answers.TryDequeue(out var answer))
                        answer();
                    break;
                case 11:
                    _clock.Advance(TimeSpan.FromMilliseconds(_random.Next(700)));
                    break;
                default:
                    Rare();
                    break;
            }

            Assert.True(_sequencer.Queued <= _options.MaxQueued + 5, $"seed {_seed}: {_sequencer.Queued} updates are queued");
        }

        private void Rare()
        {
            switch (_random.Next(6))
            {
                case 0:
                    var (result, sent) = _server.Send();
                    _sequencer.ReceiveSent(result, sent, origin: this);
                    break;
                case 1:
                    var (pts, count) = _server.Delete();
                    _sequencer.ReceiveAffected(pts, count, origin: this);
                    break;
                case 2:
                    _sequencer.Reconnected();
                    break;
                case 3:
                    _sequencer = Restart();
                    break;
                case 4:
                    _sequencer.Receive(new UpdatesTooLong());
                    break;
                default:
                    _random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_network));
                    break;
            }
        }

        private void Arrive(bool lossy)
        {
            if (_network.Count == 0)
                return;
            var at = lossy && _random.Next(3) == 0 ? _random.Next(_network.Count) : 0;
            var push = _network[at];
            var fate = lossy ? _random.NextDouble() : 1;
            if (fate > _loss / 2)
                _network.RemoveAt(at); // otherwise it will arrive twice
            if (fate > _loss || fate <= _loss / 2)
                _sequencer.Receive(push);
        }

        private void Commit(bool mayFail)
        {
            while (_sequencer.TakeBatch() is { } batch)
            {
                if (mayFail && _random.Next(6) == 0)
                    return; // the commit failed; the same batch is there next time

                foreach (var backfill in batch.Backfills)
                    FetchHistory(backfill);
                foreach (var item in batch.Items)
                {
                    if (item.Update is { } update && Some.MessageOf(update) is Message message)
                        Save((PeerKey.Of(message.PeerId), message.Id));
                }

                // One that was cut down says nothing of one that is whole, and is as good as a stranger later.
                Assert.Equal(batch.Peers.Count, batch.Peers.DistinctBy(p => p.Key).Count());
                _peers.UnionWith(batch.Peers.Where(p => !p.IsMin).Select(p => p.Key));
                _state = batch.State;
                if (mayFail && _random.Next(20) == 0)
                {
                    _sequencer = Restart(); // killed between the commit and the confirmation
                    return;
                }

                _sequencer.Confirm(batch);
            }
        }

        /// <summary>As the pump does it, before the position passes over the hole.</summary>
        private void FetchHistory(Backfill backfill)
        {
            foreach (var sent in _server.Sent.Where(s => backfill.ChannelId is { } id ? s.Chat == new PeerKey(PeerKind.Channel, id) : s.Chat.Kind is not PeerKind.Channel))
                Save(sent);
        }

        /// <summary>A history repeats what was told before, and tells what will be told again: the database knows a message by its place and number.</summary>
        private void Save((PeerKey Chat, int Id) message)
        {
            if (!_isForgetful || !_saved.Contains(message))
                _saved.Add(message);
        }

        private void Ask()
        {
            var requests = _sequencer.TakeRequests();
            Assert.True(requests.Count <= Math.Max(1, _options.MaxChannelRequests));
            _requests += requests.Count;
            _asked.AddRange(requests);
        }

        private void Answer(bool mayFail)
        {
            if (_asked.Count == 0)
                return;
            var request = _asked[_random.Next(_asked.Count)];
            _asked.Remove(request);
            if (mayFail && _random.Next(8) == 0)
            {
                _sequencer.RequestFailed(request, TimeSpan.FromSeconds(_random.Next(3)));
                return;
            }

            // The answer is older than what is pushed while it is on its way.
            if (request is DifferenceRequest difference)
            {
                var answer = _server.Answer(difference);
                _answers.Enqueue(() => _sequencer.ReceiveDifference(answer));
            }
            else if (request is ChannelDifferenceRequest channel)
            {
                var answer = _server.Answer(channel);
                _answers.Enqueue(() => _sequencer.ReceiveChannelDifference(channel.ChannelId, answer));
            }
        }

        private UpdateSequencer Restart()
        {
            _asked.Clear();
            _answers.Clear();
            return new(_state, Some.Self, _peers.Contains, _clock, _options);
        }

        private bool IsQuiet()
        {
            var (pts, _, channels) = _server.End;
            return _sequencer.TakeBatch() is null && _asked.Count == 0 && _answers.Count == 0 && _sequencer.Queued == 0 && _sequencer.State!.Pts == pts
                && channels.All(c => _sequencer.State.Channels[c.Key] == c.Value) && (_sequencer.WakeAt ?? DateTimeOffset.MaxValue) > _clock.GetUtcNow() + TimeSpan.FromMinutes(5);
        }

        private void Verify()
        {
            foreach (var chat in _server.Sent.Select(s => s.Chat).Distinct())
            {
                var sent = _server.Sent.Where(s => s.Chat == chat).Select(s => s.Id);
                var saved = _saved.Where(s => s.Chat == chat).Select(s => s.Id);
                Assert.True(sent.SequenceEqual(saved), $"seed {_seed}, {chat}: sent {string.Join(",", sent)}, saved {string.Join(",", saved)}");
            }

            Assert.Equal(_server.Sent.Count, _saved.Count);
            Assert.True(_requests > 0);
        }
    }
}
