using Integrations.Core.Telegram.Dialogs;
using Integrations.Core.Telegram.QuickReplies;
using Integrations.Core.Tenancy;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace Integrations.Core.Persistence;

internal sealed class ProjectMemberMapping : IEntityTypeConfiguration<ProjectMember>
{
    public void Configure(EntityTypeBuilder<ProjectMember> builder)
    {
        builder.ToTable("project_members");
        builder.HasKey(member => new { member.TenantId, member.ProjectId, member.UserId });
        builder.Property(member => member.TenantId).HasColumnName("tenant_id");
        builder.Property(member => member.ProjectId).HasColumnName("project_id");
        builder.Property(member => member.UserId).HasColumnName("user_id");
    }
}

internal sealed class DialogNoteMapping : IEntityTypeConfiguration<DialogNote>
{
    public void Configure(EntityTypeBuilder<DialogNote> builder)
    {
        builder.ToTable("dialog_notes");
        builder.HasKey(note => note.Id);
        builder.Property(note => note.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(note => note.Seq).HasColumnName("seq").UseIdentityAlwaysColumn();
        builder.Property(note => note.TenantId).HasColumnName("tenant_id");
        builder.Property(note => note.DialogId).HasColumnName("dialog_id");
        builder.Property(note => note.AuthorId).HasColumnName("author_id");
        builder.Property(note => note.Text).HasColumnName("text");
        builder.Property(note => note.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
    }
}

internal sealed class SavedFilterMapping : IEntityTypeConfiguration<SavedFilter>
{
    public void Configure(EntityTypeBuilder<SavedFilter> builder)
    {
        builder.ToTable("dialog_filters");
        builder.HasKey(filter => filter.Id);
        builder.Property(filter => filter.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(filter => filter.TenantId).HasColumnName("tenant_id");
        builder.Property(filter => filter.UserId).HasColumnName("user_id");
        builder.Property(filter => filter.Name).HasColumnName("name");
        builder.Property(filter => filter.Show).HasColumnName("show").HasConversion<WordConverter<DialogShow>>();
        builder.Property(filter => filter.AccountId).HasColumnName("account_id");
        builder.Property(filter => filter.BotId).HasColumnName("bot_id");
        builder.Property(filter => filter.Text).HasColumnName("text");
        builder.Property(filter => filter.Source).HasColumnName("source").HasConversion<WordConverter<DialogSource>>();
        builder.Property(filter => filter.ProjectId).HasColumnName("project_id");
        builder.Property(filter => filter.State).HasColumnName("state").HasConversion<WordConverter<DialogState>>();
        builder.Property(filter => filter.Assignee).HasColumnName("assignee");
        builder.Property(filter => filter.WaitingMinutes).HasColumnName("waiting_minutes");
        builder.Property(filter => filter.Blocked).HasColumnName("blocked");
        builder.Property(filter => filter.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
    }
}

internal sealed class QuickReplyMapping : IEntityTypeConfiguration<QuickReply>
{
    public void Configure(EntityTypeBuilder<QuickReply> builder)
    {
        builder.ToTable("quick_replies");
        builder.HasKey(reply => reply.Id);
        builder.Property(reply => reply.Id).HasColumnName("id").ValueGeneratedNever();
        builder.Property(reply => reply.TenantId).HasColumnName("tenant_id");
        builder.Property(reply => reply.Shortcut).HasColumnName("shortcut");
        builder.Property(reply => reply.Text).HasColumnName("text");
        builder.Property(reply => reply.AuthorId).HasColumnName("author_id");
        builder.Property(reply => reply.CreatedAt).HasColumnName("created_at").ValueGeneratedOnAdd();
        builder.Property(reply => reply.UpdatedAt).HasColumnName("updated_at").ValueGeneratedOnAddOrUpdate();
    }
}
