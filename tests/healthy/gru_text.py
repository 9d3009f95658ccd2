# Text classifier: embeddings and a bidirectional GRU, averaged over time.
import torch
import torch.nn as nn


class GRUTextClassifier(nn.Module):
    def __init__(self, vocab_size=500, embed_dim=32, hidden_dim=48, num_classes=4):
        super().__init__()
        self.embedding = nn.Embedding(vocab_size, embed_dim)
        self.gru = nn.GRU(embed_dim, hidden_dim, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden_dim, num_classes)

    def forward(self, tokens):
        output, _ = self.gru(self.embedding(tokens))
        return self.fc(output.mean(dim=1))


if __name__ == "__main__":
    print(GRUTextClassifier()(torch.randint(0, 500, (8, 40))).shape)
