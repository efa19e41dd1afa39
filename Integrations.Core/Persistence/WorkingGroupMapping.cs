using Integrations.Core.Telegram.Accounts;
using Integrations.Core.Telegram.WorkingGroups;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Integrations.Core.Persistence;

internal sealed class WorkingGroupMapping : IEntityTypeConfiguration<WorkingGroup>
{
    public void Configure(EntityTypeBuilder<WorkingGroup> builder)
    {
        builder.ToTable("working_groups");
        builder.HasKey(group => group.ProjectId);
        builder.Ignore(group => group.Link);
        builder.Property(group => group.ProjectId).HasColumnName("project_id").ValueGeneratedNever();
        builder.Property(group => group.TenantId).HasColumnName("tenant_id");
        builder.Property(group => group.Shard).HasColumnName("shard");
        builder.Property(group => group.World).HasColumnName("world").HasConversion<WordConverter<World>>();
        builder.Property(group => group.ChatId).HasColumnName("chat_id");
        builder.Property(group => group.Title).HasColumnName("title");
        builder.Property(group => group.Username).HasColumnName("username");
        builder.Property(group => group.IsForum).HasColumnName("is_forum");
        builder.Property(group => group.Language).HasColumnName("language").HasConversion<WordConverter<GroupLanguage>>();
        builder.Property(group => group.CheckedAt).HasColumnName("checked_at");
        builder.Property(group => group.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(group => group.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}

internal sealed class WorkingGroupBotMapping : IEntityTypeConfiguration<WorkingGroupBot>
{
    public void Configure(EntityTypeBuilder<WorkingGroupBot> builder)
    {
        builder.ToTable("working_group_bots");
        builder.HasKey(bot => bot.BotId);
        // Without navigations EF would not know that the group's row goes first.
        builder.HasOne<WorkingGroup>().WithMany().HasForeignKey(bot => bot.ProjectId);
        builder.Property(bot => bot.BotId).HasColumnName("bot_id").ValueGeneratedNever();
        builder.Property(bot => bot.TenantId).HasColumnName("tenant_id");
        builder.Property(bot => bot.ProjectId).HasColumnName("project_id");
    }
}
