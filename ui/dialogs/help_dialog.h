// The help: its pages on the left, one of them on the right. Links lead from page to page, and nowhere else.
#pragma once

#include "ui/dialogs/dialog_frame.h"

class QListWidget;

namespace sealift {

class NotesView;

class HelpDialog final : public DialogFrame {
  Q_OBJECT

 public:
  // `page`: by name; the first one when there is none of that name.
  HelpDialog(const QString& page, QWidget* parent);

  void showPage(const QString& name);

 private:
  QListWidget* contents_;
  NotesView* page_;
};

}  // namespace sealift
