using Integrations.Core.IntegrationLogs;
using Integrations.Core.People;
using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.Bots;
using Integrations.Core.Telegram.Channels;
using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.Logins;
using Integrations.Core.Telegram.Media;
using Integrations.Core.Telegram.Messages;
using Integrations.Core.Telegram.QuickReplies;
using Integrations.Core.Telegram.WorkingGroups;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace Integrations.Core.Persistence;

/// <summary>The domain's rows. Every command must run within a <see cref="TenantTransaction"/>; any other is refused before it is sent.</summary>
/// <remarks>Reached by <see cref="TenantTransaction.Db"/>. Reads need no tenant filter of their own: the row policies are the filter.</remarks>
public sealed class IntegrationsDbContext(DbContextOptions<IntegrationsDbContext> options) : DbContext(options)
{
    private static readonly TenantCommandGuard Guard = new();

    public DbSet<Tenant> Tenants => Set<Tenant>();
    public DbSet<User> Users => Set<User>();
    public DbSet<Project> Projects => Set<Project>();
    public DbSet<Invitation> Invitations => Set<Invitation>();
    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();
    public DbSet<ProjectMember> ProjectMembers => Set<ProjectMember>();
    public DbSet<TelegramAccount> TelegramAccounts => Set<TelegramAccount>();
    public DbSet<TelegramLogin> TelegramLogins => Set<TelegramLogin>();
    public DbSet<Integration> Integrations => Set<Integration>();
    public DbSet<TelegramBot> TelegramBots => Set<TelegramBot>();
    public DbSet<WorkingGroup> WorkingGroups => Set<WorkingGroup>();
    public DbSet<WorkingGroupBot> WorkingGroupBots => Set<WorkingGroupBot>();
    public DbSet<Dialog> Dialogs => Set<Dialog>();
    public DbSet<DialogNote> DialogNotes => Set<DialogNote>();
    public DbSet<SavedFilter> SavedFilters => Set<SavedFilter>();
    public DbSet<Message> Messages => Set<Message>();
    public DbSet<MediaFile> Media => Set<MediaFile>();
    public DbSet<MessageChange> MessageChanges => Set<MessageChange>();
    public DbSet<TelegramChannel> TelegramChannels => Set<TelegramChannel>();
    public DbSet<FoundChannel> FoundChannels => Set<FoundChannel>();
    public DbSet<QuickReply> QuickReplies => Set<QuickReply>();
    public DbSet<IntegrationLog> IntegrationLogs => Set<IntegrationLog>();

    internal TenantTransaction? Scope { get; private init; }

    /// <summary>
    /// Builds the model, which takes seconds on a busy machine. At the start, because the first request would build it within a
    /// transaction, and PostgreSQL ends those that do nothing for too long.
    /// </summary>
    internal static void Prepare()
    {
        using var context = new IntegrationsDbContext(new DbContextOptionsBuilder<IntegrationsDbContext>().UseNpgsql().Options);
        _ = context.Model;
    }

    internal static IntegrationsDbContext Within(TenantTransaction scope)
    {
        var options = new DbContextOptionsBuilder<IntegrationsDbContext>().UseNpgsql(scope.Connection).Options;
        var context = new IntegrationsDbContext(options) { Scope = scope };
        context.Database.UseTransaction(scope.Transaction);
        // The transaction rolls back as a whole; a savepoint around each save would only cost round trips.
        context.Database.AutoSavepointsEnabled = false;
        return context;
    }

    public override Task<int> SaveChangesAsync(bool acceptAllChangesOnSuccess, CancellationToken cancellationToken = default)
    {
        Scope?.Note(ChangeTracker);
        return base.SaveChangesAsync(acceptAllChangesOnSuccess, cancellationToken);
    }

    // Added here, not where the options are made, so that no way of making a context goes without it.
    protected override void OnConfiguring(DbContextOptionsBuilder optionsBuilder) => optionsBuilder.AddInterceptors(Guard);

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);
        modelBuilder.ApplyConfiguration(new TenantMapping());
        modelBuilder.ApplyConfiguration(new UserMapping());
        modelBuilder.ApplyConfiguration(new ProjectMapping());
        modelBuilder.ApplyConfiguration(new InvitationMapping());
        modelBuilder.ApplyConfiguration(new ApiKeyMapping());
        modelBuilder.ApplyConfiguration(new ProjectMemberMapping());
        modelBuilder.ApplyConfiguration(new TelegramAccountMapping());
        modelBuilder.ApplyConfiguration(new TelegramLoginMapping());
        modelBuilder.ApplyConfiguration(new IntegrationMapping());
        modelBuilder.ApplyConfiguration(new TelegramBotMapping());
        modelBuilder.ApplyConfiguration(new WorkingGroupMapping());
        modelBuilder.ApplyConfiguration(new WorkingGroupBotMapping());
        modelBuilder.ApplyConfiguration(new DialogMapping());
        modelBuilder.ApplyConfiguration(new DialogNoteMapping());
        modelBuilder.ApplyConfiguration(new SavedFilterMapping());
        modelBuilder.ApplyConfiguration(new MessageMapping());
        modelBuilder.ApplyConfiguration(new MediaFileMapping());
        modelBuilder.ApplyConfiguration(new MessageChangeMapping());
        modelBuilder.ApplyConfiguration(new TelegramChannelMapping());
        modelBuilder.ApplyConfiguration(new FoundChannelMapping());
        modelBuilder.ApplyConfiguration(new QuickReplyMapping());
        modelBuilder.ApplyConfiguration(new IntegrationLogMapping());
    }
}
