using Integrations.Core.Telegram.Media;
using Integrations.Core.Tenancy;

namespace Integrations.Workers.Fetching;

/// <summary>A file that is to be fetched from an address of its caller.</summary>
/// <param name="KindAsked">The kind is the caller's wish; else it is what the content says.</param>
/// <param name="Attempts">Counts this one.</param>
internal sealed record WaitingAddress(Guid Id, TenantId Tenant, byte[] LocationSealed, MediaKind Kind, bool KindAsked, string? FileName, int Attempts);
