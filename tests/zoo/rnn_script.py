# sick: GRD501
import torch
from torch import nn

SEQ_LEN = 300
N_FEATURES = 3


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn = nn.RNN(N_FEATURES, 32, num_layers=1)
        self.linear = nn.Linear(32, 1)

    def forward(self, x):
        _, h_n = self.rnn(x)
        return self.linear(h_n[-1])


if __name__ == "__main__":
    model = Model()
    inputs = torch.randn(SEQ_LEN, 16, N_FEATURES)
    print(model(inputs).shape)
