# Additive attention over the steps of an LSTM: tanh scores, softmax weights.
import torch
import torch.nn as nn


class AttentionClassifier(nn.Module):
    def __init__(self, n_features=10, hidden=32, n_classes=3):
        super().__init__()
        self.lstm = nn.LSTM(n_features, hidden, batch_first=True)
        self.score = nn.Linear(hidden, hidden)
        self.query = nn.Linear(hidden, 1, bias=False)
        self.fc = nn.Linear(hidden, n_classes)

    def forward(self, x):
        states, _ = self.lstm(x)
        weights = torch.softmax(self.query(torch.tanh(self.score(states))), dim=1)
        context = (weights * states).sum(dim=1)
        return self.fc(context)


if __name__ == "__main__":
    print(AttentionClassifier()(torch.randn(4, 25, 10)).shape)
