using Integrations.Core.Errors;
using Integrations.Core.Events;
using Integrations.Core.Tenancy;

namespace Integrations.Core.Telegram.Dialogs;

/// <summary>Tells the others who is at a dialog now. What is told is kept nowhere but in the events.</summary>
public sealed class TellPresence(TenantDatabase database)
{
    /// <param name="state">viewing, typing or left.</param>
    /// <exception cref="IntegrationException">NOT_FOUND.</exception>
    public Task ExecuteAsync(Principal principal, Guid id, string state, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(principal);
        return database.InTenantAsync(
            principal.Tenant,
            async transaction =>
            {
                var dialog = (await DialogView.FindAsync(transaction, principal, id, cancellationToken)).Dialog;
                await DialogEvents.TellAsync(
                    transaction,
                    dialog,
                    EventTypes.DialogPresence,
                    new { DialogId = id, AccountId = dialog.PersonalAccountId, dialog.BotId, principal.UserId, Name = principal.DisplayName ?? principal.Email, State = state },
                    cancellationToken);
            },
            cancellationToken);
    }
}
